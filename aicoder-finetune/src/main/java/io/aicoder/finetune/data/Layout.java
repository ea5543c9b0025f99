package io.aicoder.finetune.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How examples become the rows of batches.
 *
 * @param sequenceLength the most tokens of a row
 * @param packing whether a row holds several examples
 * @param groupByLength whether a batch holds rows of similar length
 * @param shuffled whether every epoch has an order of its own
 * @param seed what determines these orders
 * @param padding the id that fills rows up
 */
record Layout(
    int sequenceLength,
    boolean packing,
    boolean groupByLength,
    boolean shuffled,
    long seed,
    int padding) {

  /** How many batches are sorted by length together: more waste less, fewer keep the shuffle. */
  private static final int GROUP = 50;

  /** The same for examples that are not learned from: they keep their order. */
  Layout unshuffled() {
    return new Layout(sequenceLength, packing, false, false, seed, padding);
  }

  /**
   * Returns the rows of an epoch, each the numbers of its examples.
   *
   * @param lengths the examples' lengths, by number
   * @param batchSize the rows of a batch
   */
  List<int[]> rows(int[] lengths, int epoch, int batchSize) {
    int[] order = permutation(lengths.length, 2L * epoch);
    if (packing) {
      List<int[]> rows = Packing.rows(order, lengths, sequenceLength);
      // A window's longest examples begin its first rows.
      return Arrays.stream(permutation(rows.size(), 2L * epoch + 1)).mapToObj(rows::get).toList();
    }
    if (groupByLength) {
      order = grouped(order, lengths, epoch, batchSize);
    }
    return Arrays.stream(order).mapToObj(example -> new int[] {example}).toList();
  }

  private int[] permutation(int size, long purpose) {
    return shuffled ? Shuffle.permutation(size, seed, purpose) : Shuffle.identity(size);
  }

  /** Sorts windows by length and shuffles the batches; one that is not full stays at the end. */
  private int[] grouped(int[] order, int[] lengths, int epoch, int batchSize) {
    int window = (int) Math.min(Integer.MAX_VALUE, (long) GROUP * batchSize);
    List<Integer> sorted = new ArrayList<>();
    for (int start = 0; start < order.length; start += window) {
      Arrays.stream(order, start, Math.min(order.length, start + window))
          .boxed()
          .sorted(Comparator.comparing(example -> -lengths[example]))
          .forEach(sorted::add);
      if (order.length - start <= window) {
        break; // the next start could be beyond what an int holds
      }
    }
    int full = order.length / batchSize;
    IntStream batches = Arrays.stream(permutation(full, 2L * epoch + 1));
    return IntStream.concat(batches, IntStream.of(full))
        .boxed()
        .flatMap(
            batch ->
                sorted
                    .subList(batch * batchSize, Math.min((batch + 1) * batchSize, sorted.size()))
                    .stream())
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
