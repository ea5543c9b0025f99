package io.aicoder.eval.report;

import io.aicoder.eval.metric.Estimate;
import io.aicoder.eval.metric.Rate;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Figures as people read them; a figure of nothing is a dash. */
final class Numbers {

  private Numbers() {}

  /** Returns a share in per cent with one decimal, such as {@code 64.8}. */
  static String percent(Rate rate) {
    return rate.total() == 0 ? "-" : decimal(100 * rate.value());
  }

  /** Returns the bounds of a share in per cent, such as {@code 56.1-72.6}. */
  static String interval(Rate rate) {
    return rate.total() == 0 ? "-" : decimal(100 * rate.low()) + "-" + decimal(100 * rate.high());
  }

  /** Returns a figure with one decimal. */
  static String decimal(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%,.1f", value) : "-";
  }

  /** Returns a whole number with its thousands apart. */
  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** Returns a whole number, a long one in millions, such as {@code 12,345.7 M}. */
  static String shortCount(long value) {
    return value < 10_000_000 ? count(value) : decimal(value / 1e6) + " M";
  }

  /** Returns a time, with a decimal only while that says something. */
  static String seconds(double value) {
    return value < 1000 ? decimal(value) : count(Math.round(value));
  }

  /** Returns a price in US dollars, a small one to a hundredth of a cent. */
  static String usd(@Nullable Double value) {
    return value == null ? "-" : String.format(Locale.ROOT, value < 1 ? "%.4f" : "%,.2f", value);
  }

  /** Returns the counts of a share, such as {@code 3 of 12}. */
  static String counts(Rate rate) {
    return count(rate.successes()) + " of " + count(rate.total());
  }

  /** Returns a difference of shares in percentage points with its sign, such as {@code +6.4}. */
  static String points(double value) {
    String text = String.format(Locale.ROOT, "%+.1f", 100 * value);
    return text.matches("[+-]0\\.0") ? "0.0" : text;
  }

  /** Returns an estimated share and its bounds in per cent, such as {@code 64.8 (56.1-72.6)}. */
  static String estimate(Estimate share) {
    return decimal(100 * share.value())
        + " ("
        + decimal(100 * share.low())
        + "-"
        + decimal(100 * share.high())
        + ")";
  }
}
