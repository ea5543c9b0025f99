package io.aicoder.eval.task;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The source of one function, cut behind its docstring: what the model is shown and what it is to
 * write.
 *
 * @param name the function's name
 * @param head everything up to and with the docstring (or the def line when there is none), ending
 *     in a line break
 * @param body the rest, indented as it stands
 */
public record PythonFunction(String name, String head, String body) {

  private static final int FLAGS = Pattern.MULTILINE | Pattern.UNIX_LINES;
  private static final Pattern DEF =
      Pattern.compile(
          "^(?:async[ \\t]+)?def[ \\t]+(\\w+)", FLAGS | Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern DOCSTRING_START =
      Pattern.compile(
          "(?:[ \\t]*(?:#.*)?\\n)*+[ \\t]+[rRuU]?(\"\"\"|'''|\"|')", Pattern.UNIX_LINES);

  /**
   * Cuts a source text at the docstring of one of its functions.
   *
   * @param source the text, in which the function stands unindented
   * @param preferred the function that is meant when there are several
   * @return the cut function, or {@code null} when the text defines none
   */
  public static @Nullable PythonFunction parse(String source, String preferred) {
    Matcher def = DEF.matcher(source);
    int start = -1;
    String name = "";
    while (def.find()) {
      boolean meant = def.group(1).equals(preferred);
      if (start < 0 || meant) {
        start = def.end();
        name = def.group(1);
      }
      if (meant) {
        break;
      }
    }
    return start < 0 ? null : cut(source, name, start);
  }

  private static PythonFunction cut(String source, String name, int behindName) {
    int colon = signatureEnd(source, behindName);
    int lineEnd = source.indexOf('\n', colon);
    lineEnd = lineEnd < 0 ? source.length() : lineEnd;
    String behindColon = source.substring(Math.min(colon + 1, lineEnd), lineEnd).strip();
    if (!behindColon.isEmpty() && !behindColon.startsWith("#")) {
      // The whole function stands in one line.
      return new PythonFunction(
          name,
          source.substring(0, colon + 1) + "\n",
          "    " + behindColon + source.substring(lineEnd));
    }
    int cut = Math.min(docstringEnd(source, lineEnd + 1), source.length());
    String head = source.substring(0, cut);
    return new PythonFunction(
        name, head.endsWith("\n") ? head : head + "\n", source.substring(cut));
  }

  /** Finds the colon that ends the signature: the first outside brackets, texts and comments. */
  private static int signatureEnd(String source, int from) {
    int depth = 0;
    for (int i = from; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '(' || c == '[' || c == '{') {
        depth++;
      } else if (c == ')' || c == ']' || c == '}') {
        depth--;
      } else if (c == ':' && depth <= 0) {
        return i;
      } else if (c == '"' || c == '\'') {
        i = textEnd(source, i, c);
      } else if (c == '#') {
        int end = source.indexOf('\n', i);
        i = end < 0 ? source.length() : end;
      }
    }
    return source.length();
  }

  private static int textEnd(String source, int start, char quote) {
    for (int i = start + 1; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == quote || c == '\n') {
        return i;
      }
    }
    return source.length();
  }

  /** Returns the start of the line behind the docstring, or {@code from} when there is none. */
  private static int docstringEnd(String source, int from) {
    if (from >= source.length()) {
      return from;
    }
    Matcher opening = DOCSTRING_START.matcher(source).region(from, source.length());
    if (!opening.lookingAt()) {
      return from;
    }
    String quotes = opening.group(1);
    int close = source.indexOf(quotes, opening.end());
    int firstLineEnd = source.indexOf('\n', opening.end());
    boolean mayBreakLines = quotes.length() == 3;
    if (close < 0 || (!mayBreakLines && firstLineEnd >= 0 && close > firstLineEnd)) {
      return from;
    }
    int lineEnd = source.indexOf('\n', close);
    return lineEnd < 0 ? source.length() : lineEnd + 1;
  }
}
