package io.aicoder.generate;

import org.jspecify.annotations.Nullable;

/** Checks of options, with messages that begin with the option's published name. */
final class Ranges {

  private Ranges() {}

  static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  /** Requires a whole number, if it is given, to be at least so much. */
  static void atLeast(String name, @Nullable Integer value, int least, String meaning) {
    require(
        value == null || value >= least,
        name + " is " + value + ": it must be " + least + meaning + " or more");
  }

  /** Requires a number, if it is given, to lie between two, both included. */
  static void between(String name, @Nullable Double value, double least, double most, String and) {
    require(
        value == null || (value >= least && value <= most),
        name + " is " + value + ": it must be between " + and);
  }

  /** Requires a number, if it is given, to lie above 0 and at most at 1. */
  static void share(String name, @Nullable Double value) {
    require(
        value == null || (value > 0 && value <= 1),
        name + " is " + value + ": it must be above 0 and at most 1");
  }
}
