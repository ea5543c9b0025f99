package io.aicoder.finetune.data;

import java.util.List;
import java.util.Map;

/**
 * What was found in data files, those for validation included.
 *
 * @param records how many records were read
 * @param formats how many of each format
 * @param truncated how many lost their end
 * @param dropped how many were left out because they are too long
 * @param withoutLoss how many were left out because no loss falls on them: they have no answer
 * @param lengths the records by their whole length
 * @param longest the whole length of the longest record and where it stands
 */
public record DataCounts(
    int records,
    Map<RecordFormat, Integer> formats,
    int truncated,
    int dropped,
    int withoutLoss,
    List<Bucket> lengths,
    String longest) {

  /**
   * Some lengths.
   *
   * @param upTo the greatest, in tokens; the smallest is above half of it
   * @param records how many records have one of them
   */
  public record Bucket(int upTo, int records) {}

  /** Copies the collections. */
  public DataCounts {
    formats = Map.copyOf(formats);
    lengths = List.copyOf(lengths);
  }
}
