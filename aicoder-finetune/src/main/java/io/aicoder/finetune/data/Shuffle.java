package io.aicoder.finetune.data;

/**
 * Permutations that a seed determines for good, whatever the JDK: Fisher and Yates' shuffle, driven
 * by SplitMix64 (Steele, Lea and Flood, <i>Fast splittable pseudorandom number generators</i>,
 * 2014).
 */
final class Shuffle {

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private long state;

  private Shuffle(long state) {
    this.state = state;
  }

  /**
   * Returns the numbers from 0 to below {@code size} in an order of their own.
   *
   * @param size how many
   * @param seed the run's seed
   * @param purpose what the order is for: different purposes have unrelated orders
   */
  static int[] permutation(int size, long seed, long purpose) {
    Shuffle random = new Shuffle(mix(seed) + purpose);
    // Purposes are small numbers: one step apart their sequences would overlap.
    random.state = mix(random.state);
    int[] order = identity(size);
    for (int i = size - 1; i > 0; i--) {
      int j = (int) Long.remainderUnsigned(random.next(), i + 1L);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }

  /** Returns the numbers from 0 to below {@code size} in their order. */
  static int[] identity(int size) {
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      order[i] = i;
    }
    return order;
  }

  private long next() {
    state += GOLDEN_GAMMA;
    return mix(state);
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
