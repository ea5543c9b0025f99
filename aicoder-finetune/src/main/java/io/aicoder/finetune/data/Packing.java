package io.aicoder.finetune.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Puts examples into rows of bounded length: best fit, longest first, within windows of the order
 * that they come in. No example is split.
 */
final class Packing {

  /** How many examples are looked at together: more fill rows better, fewer keep the shuffle. */
  static final int WINDOW = 1024;

  private Packing() {}

  /**
   * Packs examples.
   *
   * @param order the examples' numbers, in the order of the epoch
   * @param lengths each example's length by its number, at most {@code rowLength}
   * @param rowLength how many tokens a row holds
   * @return the rows, each the numbers of its examples
   */
  static List<int[]> rows(int[] order, int[] lengths, int rowLength) {
    List<int[]> rows = new ArrayList<>();
    for (int start = 0; start < order.length; start += WINDOW) {
      int[] window = Arrays.copyOfRange(order, start, Math.min(start + WINDOW, order.length));
      for (List<Integer> row : window(window, lengths, rowLength)) {
        rows.add(row.stream().mapToInt(Integer::intValue).toArray());
      }
    }
    return rows;
  }

  private static List<List<Integer>> window(int[] window, int[] lengths, int rowLength) {
    // The sort is stable: equal lengths stay in the order of the epoch.
    List<Integer> longestFirst =
        Arrays.stream(window)
            .boxed()
            .sorted(Comparator.comparing((Integer example) -> -lengths[example]))
            .toList();
    List<List<Integer>> rows = new ArrayList<>();
    TreeMap<Integer, Deque<List<Integer>>> rowsByRoom = new TreeMap<>();
    for (int example : longestFirst) {
      Map.Entry<Integer, Deque<List<Integer>>> tightest = rowsByRoom.ceilingEntry(lengths[example]);
      int room = rowLength;
      List<Integer> row;
      if (tightest == null) {
        row = new ArrayList<>();
        rows.add(row);
      } else {
        room = tightest.getKey();
        row = tightest.getValue().remove();
        if (tightest.getValue().isEmpty()) {
          rowsByRoom.remove(room);
        }
      }
      row.add(example);
      rowsByRoom.computeIfAbsent(room - lengths[example], left -> new ArrayDeque<>()).add(row);
    }
    return rows;
  }
}
