package io.aicoder.finetune.data;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The batches of a training run: for every epoch the same examples in an order of their own, which
 * data, options and batch size determine. Immutable; safe for use by several threads.
 */
public final class Batches {

  private final List<TrainingExample> examples;
  private final int[] lengths;
  private final Layout layout;
  private final int batchSize;

  Batches(List<TrainingExample> examples, Layout layout, int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size is " + batchSize + ": it must be 1 or more");
    }
    this.examples = examples;
    this.lengths = examples.stream().mapToInt(TrainingExample::length).toArray();
    this.layout = layout;
    this.batchSize = batchSize;
  }

  /** Returns how many batches an epoch has; with packing not all have the same number. */
  public int size(int epoch) {
    return divide(rows(epoch).size(), batchSize);
  }

  /**
   * Returns how many steps of the optimizer some epochs have. Each epoch ends with a step, which
   * may have less than {@code accumulation} batches.
   *
   * @param epochs how many epochs, the first ones
   * @param accumulation how many batches make a step
   */
  public long steps(int epochs, int accumulation) {
    if (accumulation < 1) {
      throw new IllegalArgumentException(
          "accumulation is " + accumulation + ": it must be 1 or more");
    }
    return IntStream.range(0, epochs).mapToLong(epoch -> divide(size(epoch), accumulation)).sum();
  }

  /**
   * Returns the batches of an epoch from a position on: the same whether those before were taken or
   * not. The last one may have fewer rows than the batch size.
   *
   * @throws IllegalArgumentException when the epoch has fewer batches
   */
  public Iterator<Batch> from(Position position) {
    List<int[]> rows = rows(position.epoch());
    int count = divide(rows.size(), batchSize);
    if (position.batch() > count) {
      throw new IllegalArgumentException(
          "epoch %d has %d batches: it cannot go on at batch %d"
              .formatted(position.epoch(), count, position.batch()));
    }
    return IntStream.range(position.batch(), count)
        .mapToObj(batch -> batch(rows, new Position(position.epoch(), batch)))
        .iterator();
  }

  private Batch batch(List<int[]> rows, Position position) {
    int start = position.batch() * batchSize;
    List<List<TrainingExample>> batch =
        rows.subList(start, Math.min(start + batchSize, rows.size())).stream()
            .map(row -> Arrays.stream(row).mapToObj(examples::get).toList())
            .toList();
    return Batch.of(position, batch, layout.padding());
  }

  /** Returns the most tokens that a batch of any epoch can have. */
  public int mostTokens() {
    if (layout.packing()) {
      return (int) Math.min(Integer.MAX_VALUE, (long) layout.sequenceLength() * batchSize);
    }
    return Arrays.stream(lengths)
        .boxed()
        .sorted(Comparator.reverseOrder())
        .limit(batchSize)
        .mapToInt(Integer::intValue)
        .sum();
  }

  /** Returns how many tokens the batches of an epoch take, padding included. */
  long cells(int epoch) {
    List<int[]> rows = rows(epoch);
    long cells = 0;
    for (int start = 0; start < rows.size(); start += batchSize) {
      List<int[]> batch = rows.subList(start, Math.min(start + batchSize, rows.size()));
      int longest = batch.stream().mapToInt(this::length).max().orElse(0);
      cells += (long) longest * batch.size();
    }
    return cells;
  }

  /** Returns how many rows an epoch has. */
  int rowCount(int epoch) {
    return rows(epoch).size();
  }

  private int length(int[] row) {
    return Arrays.stream(row).map(example -> lengths[example]).sum();
  }

  private List<int[]> rows(int epoch) {
    return layout.rows(lengths, epoch, batchSize);
  }

  private static int divide(int count, int size) {
    return (int) ((count + size - 1L) / size);
  }
}
