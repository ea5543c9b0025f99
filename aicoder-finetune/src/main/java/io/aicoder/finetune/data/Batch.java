package io.aicoder.finetune.data;

import java.util.Arrays;
import java.util.List;

/**
 * What one forward pass takes: {@code B} rows of {@code T} tokens, each row holding one example, or
 * several when they are packed.
 *
 * <p>The arrays are not copied: whoever takes a batch leaves them as they are.
 *
 * @param position where the batch stands in the data
 * @param ids the tokens, {@code [B][T]}
 * @param labels {@code [B][T]}: for each token its id, or -100 where no loss falls. They stand as
 *     Hugging Face has them, each where its token stands: the prediction at {@code t - 1} is
 *     compared with label {@code t}, so that the model shifts them. The first token of an example
 *     has -100, so that no loss crosses examples
 * @param positionIds {@code [B][T]}: each token's place in its example, from 0
 * @param segments for each row where its examples start, and behind the last where the padding
 *     starts, {@code T} when there is none: {@code [0, 57, 130]} are two examples. A token attends
 *     to those before it in its own segment only; padding is a segment of its own
 * @param lossTokens how many labels are not -100
 * @param sources the records in it, row by row
 */
@SuppressWarnings("ArrayRecordComponent") // they go to the engine as they are, nobody compares them
public record Batch(
    Position position,
    int[][] ids,
    int[][] labels,
    int[][] positionIds,
    int[][] segments,
    int lossTokens,
    List<RecordSource> sources) {

  /** Returns the number of rows, {@code B}. */
  public int rows() {
    return ids.length;
  }

  /** Returns the length of every row, {@code T}: that of the longest. */
  public int length() {
    return ids[0].length;
  }

  /** Returns the number of tokens that are not padding. */
  public int tokens() {
    return Arrays.stream(segments).mapToInt(row -> row[row.length - 1]).sum();
  }

  /**
   * Puts examples into a batch, padded on the right.
   *
   * @param rows the examples of each row, one at least
   * @param padding the id of the padding
   */
  static Batch of(Position position, List<List<TrainingExample>> rows, int padding) {
    int length = 0;
    for (List<TrainingExample> row : rows) {
      length = Math.max(length, row.stream().mapToInt(TrainingExample::length).sum());
    }
    int[][] ids = new int[rows.size()][length];
    int[][] labels = new int[rows.size()][length];
    int[][] positionIds = new int[rows.size()][length];
    int[][] segments = new int[rows.size()][];
    int lossTokens = 0;
    for (int b = 0; b < rows.size(); b++) {
      List<TrainingExample> row = rows.get(b);
      segments[b] = new int[row.size() + 1];
      int t = 0;
      for (int s = 0; s < row.size(); s++) {
        TrainingExample example = row.get(s);
        for (int i = 0; i < example.length(); i++) {
          ids[b][t + i] = example.id(i);
          labels[b][t + i] = example.label(i);
          positionIds[b][t + i] = i;
        }
        t += example.length();
        segments[b][s + 1] = t;
        lossTokens += example.lossTokens();
      }
      for (int i = 0; t + i < length; i++) {
        ids[b][t + i] = padding;
        labels[b][t + i] = TrainingExample.IGNORED;
        positionIds[b][t + i] = i;
      }
    }
    List<RecordSource> sources =
        rows.stream().flatMap(List::stream).map(TrainingExample::source).toList();
    return new Batch(position, ids, labels, positionIds, segments, lossTokens, sources);
  }
}
