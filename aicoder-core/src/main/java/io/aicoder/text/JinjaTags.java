package io.aicoder.text;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Goes through the tags of a template and takes away the white space that Jinja2 would, with {@code
 * trim_blocks} and {@code lstrip_blocks} on, and the comments: Jinjava takes blanks in the middle
 * of a line too, and reads quotes in comments. Line ends that go are put into the next tag, so that
 * line numbers stay.
 */
final class JinjaTags {

  private static final Pattern NAME = Pattern.compile("\\{%[-+]?\\s*(\\w+).*", Pattern.DOTALL);
  private static final Pattern END_RAW = Pattern.compile("\\{%[-+]?\\s*endraw\\s*[-+]?%\\}");
  private static final Pattern WHITE = Pattern.compile("\\s*");

  /** What {@code else} may belong to, but for {@code if}. */
  private static final Set<String> CLOSED = Set.of("for", "if");

  private final String source;
  private final UnaryOperator<String> rewrite;
  private final StringBuilder out = new StringBuilder();
  private final Deque<String> open = new ArrayDeque<>();
  private int at;
  private int lostLines;

  private JinjaTags(String source, UnaryOperator<String> rewrite) {
    this.source = source;
    this.rewrite = rewrite;
  }

  /**
   * Returns a template that reads the same to Jinjava with its white space options off.
   *
   * @param rewrite what is done to every tag but comments
   * @throws JinjaTemplate.BrokenException when a loop has an {@code else}, which Jinjava skips
   */
  static String prepare(String source, UnaryOperator<String> rewrite) {
    JinjaTags tags = new JinjaTags(source, rewrite);
    tags.run();
    return tags.out.toString();
  }

  private void run() {
    for (int start = next(at); start >= 0; start = next(at)) {
      String tag = source.substring(start, end(start));
      String text = before(source.substring(at, start), tag);
      out.append(text);
      lostLines += lines(source.substring(at + text.length(), start));
      at = start + tag.length();
      if (tag.startsWith("{#")) {
        lostLines += lines(tag);
        skipBehind(tag);
      } else {
        nest(tag);
        copy(tag);
        if (name(tag).equals("raw")) {
          copyRaw();
        }
      }
    }
    out.append(source, at, source.length());
  }

  /** Returns where the next tag begins, or −1. */
  private int next(int from) {
    for (int brace = source.indexOf('{', from); brace >= 0; ) {
      if (brace + 1 < source.length() && "#%{".indexOf(source.charAt(brace + 1)) >= 0) {
        return brace;
      }
      brace = source.indexOf('{', brace + 1);
    }
    return -1;
  }

  /**
   * Returns where a tag ends. By hand, since a regular expression that skips strings would need
   * stack for every character.
   */
  private int end(int start) {
    char kind = source.charAt(start + 1);
    String close = kind == '{' ? "}}" : kind + "}";
    if (kind == '#') {
      int end = source.indexOf(close, start + 2);
      return end < 0 ? throwOpen(start) : end + 2;
    }
    for (int i = start + 2; i < source.length(); i++) {
      char c = source.charAt(i);
      if (source.startsWith(close, i)) {
        return i + 2;
      }
      if (c == '\'' || c == '"') {
        i = endOfString(i, start);
      }
    }
    return throwOpen(start);
  }

  private int endOfString(int quote, int start) {
    for (int i = quote + 1; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == source.charAt(quote)) {
        return i;
      }
    }
    return throwOpen(start);
  }

  private int throwOpen(int start) {
    throw new JinjaTemplate.BrokenException(
        "line " + (1 + lines(source.substring(0, start))) + ": a tag is not closed", null);
  }

  /** The text before a tag without what the tag takes of it. */
  private String before(String text, String tag) {
    char sign = tag.charAt(2);
    if (sign == '-') {
      return PythonMethods.strip(text, null, false, true);
    }
    if (sign == '+' || tag.charAt(1) == '{') {
      return text;
    }
    int line = text.lastIndexOf('\n') + 1;
    boolean atLineStart = line > 0 || at == 0 || source.charAt(at - 1) == '\n';
    boolean blank = PythonMethods.strip(text.substring(line), null, true, true).isEmpty();
    return atLineStart && blank ? text.substring(0, line) : text;
  }

  private void skipBehind(String tag) {
    int begin = at;
    char sign = tag.charAt(tag.length() - 3);
    if (sign == '-') {
      Matcher white = WHITE.matcher(source).region(at, source.length());
      at = white.lookingAt() ? white.end() : at;
    } else if (sign != '+' && trims(tag) && source.startsWith("\n", at)) {
      at++;
    }
    lostLines += lines(source.substring(begin, at));
  }

  private static boolean trims(String tag) {
    return tag.charAt(1) != '{' && !name(tag).equals("raw");
  }

  /** Writes a tag without its signs, and with the line ends that went. */
  private void copy(String tag) {
    String inner = tag.substring(2, tag.length() - 2);
    if (!inner.isEmpty() && "-+".indexOf(inner.charAt(0)) >= 0) {
      inner = " " + inner.substring(1);
    }
    int last = inner.length() - 1;
    if (last > 0 && "-+".indexOf(inner.charAt(last)) >= 0) {
      inner = inner.substring(0, last) + " ";
    }
    String plain = tag.substring(0, 2) + inner + tag.substring(tag.length() - 2);
    skipBehind(tag);
    String rewritten = rewrite.apply(plain);
    int end = rewritten.length() - 2;
    out.append(rewritten, 0, end).append("\n".repeat(lostLines)).append(rewritten, end, end + 2);
    lostLines = 0;
  }

  private void copyRaw() {
    Matcher end = END_RAW.matcher(source);
    if (!end.find(at)) {
      throwOpen(at);
    }
    out.append(before(source.substring(at, end.start()), end.group()));
    at = end.end();
    copy(end.group());
  }

  private void nest(String tag) {
    String name = name(tag);
    if (CLOSED.contains(name)) {
      open.push(name);
    } else if (name.equals("endfor") || name.equals("endif")) {
      open.poll();
    } else if (name.equals("else") && "for".equals(open.peek())) {
      throw new JinjaTemplate.BrokenException(
          "line " + (1 + lines(source.substring(0, at))) + ": 'else' of a loop is not supported",
          null);
    }
  }

  private static String name(String tag) {
    Matcher name = NAME.matcher(tag);
    return name.matches() ? name.group(1) : "";
  }

  private static int lines(String text) {
    return (int) text.chars().filter(c -> c == '\n').count();
  }
}
