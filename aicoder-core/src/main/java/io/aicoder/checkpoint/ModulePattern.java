package io.aicoder.checkpoint;

import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of an adapter's configuration, matched against module names in bounded time:
 * Java's own matching can take longer than anybody waits, or more stack than there is.
 */
final class ModulePattern {

  /** Module names have some dozens of characters, so that honest expressions need some hundreds. */
  private static final int MOST_READS = 1_000_000;

  /** How often the parts of an expression may be asked to repeat, all counts multiplied. */
  private static final long MOST_REPETITIONS = 1_000_000;

  private static final Pattern COUNT = Pattern.compile("\\{(\\d+)(?:,(\\d*))?\\}");

  private final Pattern pattern;

  private ModulePattern(Pattern pattern) {
    this.pattern = pattern;
  }

  /** The expression is none, or cannot be matched. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Reads an expression.
   *
   * @throws RefusedException when it is none
   */
  static ModulePattern of(String expression) throws RefusedException {
    try {
      requireFewRepetitions(expression);
      return new ModulePattern(Pattern.compile(expression));
    } catch (PatternSyntaxException | StackOverflowError e) {
      throw new RefusedException("is not a regular expression", e);
    }
  }

  /** Repetitions of nothing read nothing, and would not be counted by the text. */
  private static void requireFewRepetitions(String expression) {
    double product = 1;
    for (MatchResult count : COUNT.matcher(expression).results().toList()) {
      String most = count.group(2) == null ? "" : count.group(2);
      product *= Math.max(1, Math.max(number(count.group(1)), number(most)));
    }
    if (product > MOST_REPETITIONS) {
      throw new PatternSyntaxException("it repeats too often", expression, -1);
    }
  }

  private static double number(String digits) {
    return digits.isEmpty() ? 0 : Double.parseDouble(digits);
  }

  /**
   * Whether the expression matches a whole name.
   *
   * @throws RefusedException when that takes too long to find out
   */
  boolean matches(CharSequence name) throws RefusedException {
    try {
      return pattern.matcher(new CountedText(name, new int[] {MOST_READS})).matches();
    } catch (SpentException | StackOverflowError e) {
      throw new RefusedException("takes too long to match", e);
    }
  }

  private static final class SpentException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** A text that can be read so many times. */
  private record CountedText(CharSequence text, int[] left) implements CharSequence {

    @Override
    public char charAt(int index) {
      if (left[0]-- <= 0) {
        throw new SpentException();
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new CountedText(text.subSequence(start, end), left);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
