package io.aicoder.eval.metric;

import org.apache.commons.statistics.interval.BinomialConfidenceInterval;
import org.apache.commons.statistics.interval.Interval;

/**
 * A share of successes with its 95&nbsp;% Wilson score interval.
 *
 * @param successes how many succeeded
 * @param total of how many
 */
public record Rate(int successes, int total) {

  /** Returns the share, in [0, 1]; 0 of nothing is 0. */
  public double value() {
    return total == 0 ? 0 : (double) successes / total;
  }

  /** Returns the lower bound of the interval, in [0, 1]. */
  public double low() {
    return total == 0 ? 0 : interval().getLowerBound();
  }

  /** Returns the upper bound of the interval, in [0, 1]. */
  public double high() {
    return total == 0 ? 1 : interval().getUpperBound();
  }

  private Interval interval() {
    return BinomialConfidenceInterval.WILSON_SCORE.fromErrorRate(total, successes, 0.05);
  }
}
