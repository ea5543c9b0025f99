package io.aicoder.checkpoint;

import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * A regular expression of an adapter's configuration, as Python's {@code re} understands it.
 *
 * <p>It comes from a file that somebody else wrote, so that matching has a limit: an expression
 * that would take exponential time is refused instead.
 */
final class PythonPattern {

  /** Characters looked at before an expression counts as endless; a sane one needs hundreds. */
  private static final int LARGEST_EFFORT = 2_000_000;

  /** How often the parts of an expression may be asked to repeat, all counts multiplied. */
  private static final long MOST_REPETITIONS = 1_000_000;

  private static final Pattern COUNT = Pattern.compile("\\{(\\d+)(?:,(\\d*))?\\}");

  private final JsonObject json;
  private final String field;
  private final String source;
  private final Pattern pattern;

  private PythonPattern(JsonObject json, String field, String source, Pattern pattern) {
    this.json = json;
    this.field = field;
    this.source = source;
    this.pattern = pattern;
  }

  /**
   * Compiles an expression.
   *
   * @param field where it stands, for errors
   * @param prefix an expression put before it, as PEFT does
   * @param suffix one put behind it
   */
  static PythonPattern compile(
      JsonObject json, String field, String prefix, String source, String suffix) {
    try {
      requireFewRepetitions(source);
      Pattern.compile(java(source)); // alone, so that a bracket cannot close the prefix's
      return new PythonPattern(
          json, field, source, Pattern.compile(prefix + java(source) + suffix));
    } catch (PatternSyntaxException | StackOverflowError e) {
      throw json.problem(field, "holds '" + source + "', which is not a regular expression");
    }
  }

  /** Repetitions of nothing read nothing, and would not be counted by the text. */
  private static void requireFewRepetitions(String source) {
    double product = 1;
    for (MatchResult count : COUNT.matcher(source).results().toList()) {
      String most = count.group(2) == null ? "" : count.group(2);
      product *= Math.max(1, Math.max(number(count.group(1)), number(most)));
    }
    if (product > MOST_REPETITIONS) {
      throw new PatternSyntaxException("it repeats too often", source, -1);
    }
  }

  private static double number(String digits) {
    return digits.isEmpty() ? 0 : Double.parseDouble(digits);
  }

  /** Python writes the names of groups, and what refers to them, differently. */
  private static String java(String source) {
    return source.replace("(?P<", "(?<").replaceAll("\\(\\?P=(\\w+)\\)", "\\\\k<$1>");
  }

  /** Compiles an expression that stands alone. */
  static PythonPattern compile(JsonObject json, String field, String source) {
    return compile(json, field, "", source, "");
  }

  /** Whether the whole name matches. */
  boolean matches(String name) {
    return match(name) != null;
  }

  /** Returns how the whole name matches, or {@code null} when it does not. */
  @Nullable MatchResult match(String name) {
    Matcher matcher = pattern.matcher(new Limited(name, new int[1]));
    try {
      return matcher.matches() ? matcher.toMatchResult() : null;
    } catch (Endless | StackOverflowError e) {
      throw json.problem(
          field, "holds '" + source + "', which takes too long to match: write it more simply");
    }
  }

  private static final class Endless extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Counts how often its characters are asked for. */
  private record Limited(CharSequence text, int[] effort) implements CharSequence {

    @Override
    public char charAt(int index) {
      if (++effort[0] > LARGEST_EFFORT) {
        throw new Endless();
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Limited(text.subSequence(start, end), effort);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
