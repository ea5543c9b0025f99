package io.aicoder.text.jinja;

import io.aicoder.text.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with {@code trim_blocks} and {@code lstrip_blocks} on: the first
 * line end behind a block goes, and the blanks before a block that begins its line.
 */
final class Lexer {

  private static final Pattern BEGIN = Pattern.compile("\\{[%{#][-+]?");
  private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*(?:(-)%\\}|%\\})");
  private static final Pattern RAW_END = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%\\}");
  private static final Pattern COMMENT_END = Pattern.compile("([-+]?)#\\}");
  private static final Pattern BLOCK_END = Pattern.compile("([-+]?)%\\}");
  private static final Pattern VARIABLE_END = Pattern.compile("(-?)\\}\\}");

  private static final Pattern WHITE = Pattern.compile("\\s+");
  private static final Pattern FLOAT =
      Pattern.compile("[0-9][0-9_]*+(?:(?:\\.[0-9][0-9_]*+)?[eE][-+]?[0-9]+|\\.[0-9][0-9_]*+)");
  private static final Pattern INTEGER = Pattern.compile("[0-9][0-9_]*+");
  private static final Pattern NAME = Pattern.compile("[\\w]++", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern STRING =
      Pattern.compile("'((?:[^'\\\\]|\\\\.)*+)'|\"((?:[^\"\\\\]|\\\\.)*+)\"", Pattern.DOTALL);
  private static final Pattern OPERATOR =
      Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+*/%~\\[\\](){}<>=.:|,;]");

  private final String source;
  private final Matcher matcher;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private int counted;

  private Lexer(String source) {
    this.source = source;
    this.matcher = BEGIN.matcher(source);
  }

  /** Returns the tokens of a template, the last of them {@link Kind#END}. */
  static List<Token> tokens(String template) {
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    // Jinja takes one line end from the template's end, none from what it renders.
    Lexer lexer =
        new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
    lexer.run();
    return List.copyOf(lexer.tokens);
  }

  private void run() {
    while (find(BEGIN)) {
      String begin = matcher.group();
      int start = matcher.start();
      add(Kind.TEXT, before(start, begin));
      if (begin.charAt(1) == '#') {
        at = matcher.end();
        skipComment();
      } else if (looksAt(RAW, start)) {
        skipTo(matcher.end(), "-".equals(matcher.group(1)) ? "-" : "+");
        raw();
      } else {
        at = start + begin.length();
        boolean block = begin.charAt(1) == '%';
        add(block ? Kind.BLOCK_BEGIN : Kind.VARIABLE_BEGIN, begin);
        inside(block);
      }
    }
    add(Kind.TEXT, source.substring(at));
    at = source.length();
    add(Kind.END, "the end of the template");
  }

  /** The text up to a tag, without the white space that the tag takes away. */
  private String before(int start, String begin) {
    String text = source.substring(at, start);
    if (begin.endsWith("-")) {
      return PythonText.strip(text, null, false, true);
    }
    if (begin.endsWith("+") || begin.charAt(1) == '{') {
      return text;
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean atLineStart = lineStart > 0 || at == 0 || source.charAt(at - 1) == '\n';
    return atLineStart && PythonText.isBlank(text.substring(lineStart))
        ? text.substring(0, lineStart)
        : text;
  }

  /**
   * Goes on behind a tag: {@code -} takes all white space with it, {@code +} none, else one line
   * end.
   */
  private void skipTo(int end, String sign) {
    at = end;
    if (sign.equals("-")) {
      if (looksAt(WHITE, at)) {
        at = matcher.end();
      }
    } else if (sign.isEmpty() && source.startsWith("\n", at)) {
      at++;
    }
  }

  private void skipComment() {
    if (!find(COMMENT_END)) {
      throw error("the comment does not end");
    }
    skipTo(matcher.end(), matcher.group(1));
  }

  private void raw() {
    if (!find(RAW_END)) {
      throw error("the raw block does not end");
    }
    int end = matcher.end();
    String sign = matcher.group(2);
    add(Kind.TEXT, before(matcher.start(), "{%" + matcher.group(1)));
    skipTo(end, sign);
  }

  /** Reads the tokens of one tag; inside brackets its end is not one. */
  private void inside(boolean block) {
    Deque<String> brackets = new ArrayDeque<>();
    while (at < source.length()) {
      if (looksAt(WHITE, at)) {
        at = matcher.end();
      } else if (brackets.isEmpty() && looksAt(block ? BLOCK_END : VARIABLE_END, at)) {
        String sign = matcher.group(1);
        add(block ? Kind.BLOCK_END : Kind.VARIABLE_END, matcher.group());
        skipTo(matcher.end(), sign.isEmpty() && !block ? "+" : sign);
        return;
      } else {
        token(brackets);
      }
    }
    throw error("the tag does not end");
  }

  private void token(Deque<String> brackets) {
    if (looksAt(FLOAT, at)) {
      take(Kind.FLOAT, matcher.group().replace("_", ""));
    } else if (looksAt(INTEGER, at)) {
      take(Kind.INTEGER, matcher.group().replace("_", ""));
    } else if (looksAt(NAME, at)) {
      take(Kind.NAME, matcher.group());
    } else if (looksAt(STRING, at)) {
      String quoted = matcher.group();
      take(Kind.STRING, PythonText.unescape(quoted.substring(1, quoted.length() - 1)));
    } else if (looksAt(OPERATOR, at)) {
      String operator = matcher.group();
      balance(operator, brackets);
      take(Kind.OPERATOR, operator);
    } else {
      throw error("unexpected '" + Character.toString(source.codePointAt(at)) + "'");
    }
  }

  private void balance(String operator, Deque<String> brackets) {
    switch (operator) {
      case "(" -> brackets.push(")");
      case "[" -> brackets.push("]");
      case "{" -> brackets.push("}");
      case ")", "]", "}" -> {
        if (brackets.isEmpty() || !brackets.pop().equals(operator)) {
          throw error("unexpected '" + operator + "'");
        }
      }
      default -> {}
    }
  }

  private void take(Kind kind, String text) {
    add(kind, text);
    at = matcher.end();
  }

  private boolean find(Pattern pattern) {
    return matcher.usePattern(pattern).region(at, source.length()).find();
  }

  private boolean looksAt(Pattern pattern, int from) {
    return matcher.usePattern(pattern).region(from, source.length()).lookingAt();
  }

  private void add(Kind kind, String text) {
    if (kind != Kind.TEXT || !text.isEmpty()) {
      tokens.add(new Token(kind, text, line()));
    }
  }

  private TemplateException error(String problem) {
    return new TemplateException(problem, line());
  }

  private int line() {
    for (; counted < at; counted++) {
      if (source.charAt(counted) == '\n') {
        line++;
      }
    }
    return line;
  }
}
