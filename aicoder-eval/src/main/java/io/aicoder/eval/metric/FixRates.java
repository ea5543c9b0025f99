package io.aicoder.eval.metric;

import io.aicoder.eval.metric.Sample.Step;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How often the next program passes, by what was wrong with the one before and by round: what
 * repairing is good for, and how long.
 *
 * @param byFailure by the exception's class, such as {@code NameError}, or by the verdict of a
 *     program that no exception ended, such as {@code timeout}
 * @param byRound by the repair's number, from 1
 */
public record FixRates(SortedMap<String, Rate> byFailure, SortedMap<Integer, Rate> byRound) {

  /** Makes the maps unmodifiable. */
  public FixRates {
    byFailure = Collections.unmodifiableSortedMap(new TreeMap<>(byFailure));
    byRound = Collections.unmodifiableSortedMap(new TreeMap<>(byRound));
  }

  /** Counts over samples; a blind agent's programs count by the tests that it saw. */
  public static FixRates of(Collection<Sample> samples) {
    SortedMap<String, Rate> byFailure = new TreeMap<>();
    SortedMap<Integer, Rate> byRound = new TreeMap<>();
    for (Sample sample : samples) {
      List<Step> tries = sample.tries();
      for (int i = 1; i < tries.size(); i++) {
        boolean fixed = tries.get(i).passed();
        count(byFailure, failure(tries.get(i - 1)), fixed);
        count(byRound, i, fixed);
      }
    }
    return new FixRates(byFailure, byRound);
  }

  private static <K> void count(SortedMap<K, Rate> rates, K key, boolean fixed) {
    Rate rate = rates.getOrDefault(key, new Rate(0, 0));
    rates.put(key, new Rate(rate.successes() + (fixed ? 1 : 0), rate.total() + 1));
  }

  private static String failure(Step step) {
    Traceback traceback = Traceback.last(step.stderr());
    return traceback == null ? step.verdict() : traceback.simpleType();
  }
}
