package io.aicoder.finetune.data;

/**
 * A place in the data: where a run stands and goes on.
 *
 * @param epoch the epoch, from 0
 * @param batch the batch in it, from 0
 */
public record Position(int epoch, int batch) {

  /** Where a run begins. */
  public static final Position START = new Position(0, 0);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException when one is negative
   */
  public Position {
    if (epoch < 0 || batch < 0) {
      throw new IllegalArgumentException(
          "epoch is %d and batch %d: both must be 0 or more".formatted(epoch, batch));
    }
  }

  /** Returns the place behind this batch, in the same epoch. */
  public Position next() {
    return new Position(epoch, batch + 1);
  }
}
