package io.aicoder.finetune.data;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The one pass over data files that makes examples of their records, and counts. */
final class DataPass {

  private final RecordTokenizer tokenizer;
  private final int vocabularySize;
  private final int sequenceLength;
  private final TooLong tooLong;
  private final DataProgress progress;
  private final long bytes;

  private final Map<RecordFormat, Integer> formats = new EnumMap<>(RecordFormat.class);
  private final LengthHistogram lengths = new LengthHistogram();
  private long bytesBefore;
  private int records;
  private int truncated;
  private int dropped;
  private int withoutLoss;

  /**
   * Prepares a pass.
   *
   * @param vocabularySize what every id must be below
   * @param files all files that it will read, for the progress
   */
  DataPass(
      RecordTokenizer tokenizer,
      int vocabularySize,
      int sequenceLength,
      TooLong tooLong,
      List<Path> files,
      DataProgress progress) {
    this.tokenizer = tokenizer;
    this.vocabularySize = vocabularySize;
    this.sequenceLength = sequenceLength;
    this.tooLong = tooLong;
    this.progress = progress;
    this.bytes = Math.max(1, files.stream().mapToLong(RecordFile::size).sum());
  }

  /**
   * Reads files.
   *
   * @return their examples, one at least
   * @throws AiCoderException (INPUT) when a file is damaged or empty, or none of the records can be
   *     learned from
   */
  List<TrainingExample> read(List<Path> files) {
    List<TrainingExample> examples = new ArrayList<>();
    int recordsBefore = records;
    int withoutLossBefore = withoutLoss;
    int droppedBefore = dropped;
    files.forEach(file -> read(file, examples));
    if (examples.isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.INPUT,
          "%s: none of %d records has a token to learn: %d have no answer, %d are too long for %d"
                  .formatted(
                      files,
                      records - recordsBefore,
                      withoutLoss - withoutLossBefore,
                      dropped - droppedBefore,
                      sequenceLength)
              + " tokens; check the answers, or raise the sequence length");
    }
    return examples;
  }

  private void read(Path file, List<TrainingExample> examples) {
    int recordsBefore = records;
    try (RecordFile lines = RecordFile.open(file)) {
      for (JsonRecord line = lines.next(); line != null; line = lines.next()) {
        TrainingExample example = example(line);
        if (example != null) {
          examples.add(example);
        }
        records++;
        progress.read(records, Math.min(1, (bytesBefore + lines.bytesRead()) / (double) bytes));
      }
    }
    if (records == recordsBefore) {
      throw new AiCoderException(
          ErrorCategory.INPUT, file + ": holds no record; write one JSON object a line");
    }
    bytesBefore += RecordFile.size(file);
  }

  /** Returns what is learned of a record, or {@code null} when that is nothing. */
  private @Nullable TrainingExample example(JsonRecord line) {
    RecordFormat format = RecordFormat.detect(line);
    formats.merge(format, 1, Integer::sum);
    TrainingExample whole = tokenizer.tokenize(format.read(line), line.source());
    requireKnown(whole);
    lengths.add(whole);
    if (whole.lossTokens() == 0) {
      withoutLoss++;
      return null;
    }
    if (whole.length() <= sequenceLength) {
      return whole;
    }
    TrainingExample beginning = whole.truncated(sequenceLength);
    if (tooLong == TooLong.DROP || beginning.lossTokens() == 0) {
      dropped++;
      return null;
    }
    truncated++;
    return beginning;
  }

  private void requireKnown(TrainingExample example) {
    for (int i = 0; i < example.length(); i++) {
      if (example.id(i) >= vocabularySize) {
        throw new AiCoderException(
            ErrorCategory.CHECKPOINT,
            "%s: has token %d, and config.json's vocab_size is %d; tokenizer.json and the weights do"
                    .formatted(example.source(), example.id(i), vocabularySize)
                + " not belong together");
      }
    }
  }

  /** Returns what has been counted so far. */
  DataCounts counts() {
    return new DataCounts(
        records, formats, truncated, dropped, withoutLoss, lengths.buckets(), lengths.longest());
  }
}
