package io.aicoder.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Counts how often the native library would go back over a text for a tokenizer's regular
 * expression.
 *
 * <p>The library (Oniguruma) gives up after ten million retries of one match, and its caller then
 * ends the process. So only expressions are let through whose retries grow with the text's length
 * and not faster; all published ones of Llama, Mistral and Qwen are of this kind. What cannot be
 * told (groups that repeat, references, calls, look-behind) is refused.
 */
final class SplitPattern {

  /** Enough for the expressions that are in use, which have 4 at most. */
  static final int MOST_RETRIES = 4;

  /** More ways than this through the bounded parts of an expression are refused. */
  private static final int MOST_CHOICES = 1000;

  private static final String CLASSES = "sSdDwWhH";
  private static final String CONTROLS = "rntfv";
  private static final Pattern PROPERTY = Pattern.compile("[pP]\\{\\^?\\w{1,40}\\}");
  private static final Pattern COUNT = Pattern.compile("\\{(\\d{1,4})(,?)(\\d{0,4})\\}");

  private final String source;
  private int at;
  private int depth;

  private SplitPattern(String source) {
    this.source = source;
  }

  /** What an expression costs is not known, or too much. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
      super(message);
    }
  }

  /**
   * A part of an expression.
   *
   * @param choices the ways through its bounded parts
   * @param loops how many of its parts repeat without bound, one behind the other
   * @param canFail whether it asks for anything at all
   * @param retries how often it goes back, for each character of the text
   */
  private record Part(int choices, int loops, boolean canFail, int retries) {
    static final Part CHARACTER = new Part(1, 0, true, 0);
  }

  /**
   * Checks an expression.
   *
   * @throws RefusedException when it might take more than {@link #MOST_RETRIES} for each character
   */
  static void check(String regex) throws RefusedException {
    SplitPattern pattern = new SplitPattern(regex);
    Part whole = pattern.alternatives();
    if (pattern.at < regex.length()) {
      throw pattern.refused("')' without '('");
    }
    if (whole.retries > MOST_RETRIES) {
      throw new RefusedException("it would be tried too often");
    }
  }

  private Part alternatives() throws RefusedException {
    if (++depth > 20) {
      throw refused("groups too deep");
    }
    Part all = sequence();
    while (take("|")) {
      Part next = sequence();
      all =
          new Part(
              limited(all.choices + next.choices),
              Math.max(all.loops, next.loops),
              all.canFail && next.canFail,
              all.retries + next.retries);
    }
    depth--;
    return all;
  }

  private Part sequence() throws RefusedException {
    Part all = new Part(1, 0, false, 0);
    while (at < source.length() && source.charAt(at) != '|' && source.charAt(at) != ')') {
      all = followed(all, quantified());
    }
    return all;
  }

  /** A part that fails sends the library back into the loop before it, once a character. */
  private Part followed(Part before, Part next) throws RefusedException {
    if ((next.canFail && before.loops > 1) || (next.retries > 0 && before.loops > 0)) {
      throw refused("several repetitions before something that may be missing");
    }
    int again = next.canFail && before.loops == 1 ? before.choices : 0;
    return new Part(
        limited(before.choices * next.choices),
        before.loops + next.loops,
        before.canFail || next.canFail,
        before.retries + again + before.choices * next.retries);
  }

  private Part quantified() throws RefusedException {
    boolean group = source.charAt(at) == '(';
    Part part = atom();
    if (take("?")) {
      part = new Part(limited(part.choices + 1), part.loops, false, part.retries);
    } else if (at < source.length() && "*+{".indexOf(source.charAt(at)) >= 0) {
      if (group) {
        throw refused("a group that repeats");
      }
      part = repeated();
    }
    if (at < source.length() && "*+?{".indexOf(source.charAt(at)) >= 0) {
      throw refused("a quantifier of a quantifier");
    }
    return part;
  }

  private Part repeated() throws RefusedException {
    if (take("*")) {
      return new Part(1, 1, false, 0);
    }
    if (take("+")) {
      return new Part(1, 1, true, 0);
    }
    Matcher count = COUNT.matcher(source).region(at, source.length());
    if (!count.lookingAt()) {
      throw refused("'{'");
    }
    at = count.end();
    int least = Integer.parseInt(count.group(1));
    if (count.group(2).isEmpty()) {
      return new Part(1, 0, least > 0, 0);
    }
    if (count.group(3).isEmpty()) {
      return new Part(1, 1, least > 0, 0);
    }
    int most = Integer.parseInt(count.group(3));
    return new Part(limited(Math.abs(most - least) + 1), 0, least > 0, 0);
  }

  private Part atom() throws RefusedException {
    char c = source.charAt(at++);
    return switch (c) {
      case '(' -> group();
      case '[' -> characterClass();
      case '\\' -> escape();
      case '*', '+', '?', '{' -> throw refused("'" + c + "' behind nothing");
      default -> Part.CHARACTER;
    };
  }

  private Part group() throws RefusedException {
    boolean ahead = take("?!") || take("?=");
    if (!ahead && !take("?:") && !take("?i:") && source.startsWith("?", at)) {
      throw refused("a group of an unusual kind");
    }
    Part inner = alternatives();
    if (!take(")")) {
      throw refused("'(' without ')'");
    }
    if (ahead && inner.loops > 0) {
      throw refused("a repetition in a look-ahead");
    }
    return ahead ? new Part(inner.choices, 0, true, 0) : inner;
  }

  private Part characterClass() throws RefusedException {
    int open = 1;
    take("^");
    for (boolean first = true; open > 0; first = false) {
      if (at >= source.length() || (first && source.charAt(at) == ']')) {
        throw refused("a character class");
      }
      char c = source.charAt(at++);
      if (c == '\\') {
        escape();
      } else if (c == '[') {
        open++;
      } else if (c == ']') {
        open--;
      }
    }
    return Part.CHARACTER;
  }

  private Part escape() throws RefusedException {
    if (at >= source.length()) {
      throw refused("'\\' at the end");
    }
    char c = source.charAt(at);
    Matcher property = PROPERTY.matcher(source).region(at, source.length());
    if (property.lookingAt()) {
      at = property.end();
    } else if (CLASSES.indexOf(c) >= 0 || CONTROLS.indexOf(c) >= 0 || !isWord(c)) {
      at++;
    } else {
      throw refused("'\\" + c + "'");
    }
    return Part.CHARACTER;
  }

  private static boolean isWord(char c) {
    return Character.isLetterOrDigit(c) || c > 0x7F;
  }

  private int limited(int choices) throws RefusedException {
    if (choices > MOST_CHOICES) {
      throw refused("too many choices");
    }
    return choices;
  }

  private boolean take(String text) {
    boolean there = source.startsWith(text, at);
    at += there ? text.length() : 0;
    return there;
  }

  private RefusedException refused(String what) {
    return new RefusedException("%s at character %d".formatted(what, at));
  }
}
