package io.aicoder.finetune.train;

import io.aicoder.finetune.data.Batch;
import io.aicoder.llama.TrainingProgram;
import java.util.Arrays;

/**
 * A batch as the program takes it: its examples one behind the other, without padding.
 *
 * @param ids the tokens
 * @param targets what each should be followed by, or {@link TrainingProgram#IGNORED}
 * @param lengths of the examples
 */
record MicroBatch(long[] ids, long[] targets, int[] lengths) {

  static MicroBatch of(Batch batch) {
    int tokens = batch.tokens();
    long[] ids = new long[tokens];
    long[] targets = new long[tokens];
    Arrays.fill(targets, TrainingProgram.IGNORED);
    int[] lengths = new int[Arrays.stream(batch.segments()).mapToInt(row -> row.length - 1).sum()];
    int at = 0;
    int example = 0;
    for (int row = 0; row < batch.rows(); row++) {
      int[] segments = batch.segments()[row];
      for (int s = 0; s + 1 < segments.length; s++) {
        for (int t = segments[s]; t < segments[s + 1]; t++) {
          ids[at] = batch.ids()[row][t];
          if (t > segments[s]) {
            targets[at - 1] = batch.labels()[row][t];
          }
          at++;
        }
        lengths[example++] = segments[s + 1] - segments[s];
      }
    }
    return new MicroBatch(ids, targets, lengths);
  }
}
