package io.aicoder.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Python's {@code str}, where it differs from Java's {@code String}: it counts code points. */
final class PythonText {

  private PythonText() {}

  /** Whether {@code str.isspace} holds of a code point. */
  static boolean isSpace(int codePoint) {
    return switch (codePoint) {
      case 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000 -> true;
      default ->
          (codePoint >= 0x09 && codePoint <= 0x0D)
              || (codePoint >= 0x1C && codePoint <= 0x20)
              || (codePoint >= 0x2000 && codePoint <= 0x200A);
    };
  }

  static boolean isBlank(String text) {
    return text.codePoints().allMatch(PythonText::isSpace);
  }

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** Returns the code points, each as a text. */
  static List<Object> characters(String text) {
    List<Object> characters = new ArrayList<>();
    text.codePoints().forEach(codePoint -> characters.add(Character.toString(codePoint)));
    return characters;
  }

  /**
   * {@code str.strip}, {@code lstrip} or {@code rstrip}.
   *
   * @param characters what to take off, or {@code null} for white space
   */
  static String strip(String text, @Nullable String characters, boolean left, boolean right) {
    int begin = 0;
    int end = text.length();
    while (left && begin < end && strips(text.codePointAt(begin), characters)) {
      begin += Character.charCount(text.codePointAt(begin));
    }
    while (right && end > begin && strips(text.codePointBefore(end), characters)) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(begin, end);
  }

  private static boolean strips(int codePoint, @Nullable String characters) {
    return characters == null ? isSpace(codePoint) : characters.indexOf(codePoint) >= 0;
  }

  /**
   * {@code str.split}.
   *
   * @param separator what to split at, or {@code null} for runs of white space
   * @param limit the most splits, or −1
   */
  static List<Object> split(String text, @Nullable String separator, long limit) {
    requireSeparator(separator);
    List<Object> parts = new ArrayList<>();
    String rest = separator == null ? strip(text, null, true, false) : text;
    while (limit < 0 || parts.size() < limit) {
      int at = separator == null ? firstSpace(rest) : rest.indexOf(separator);
      if (at < 0) {
        break;
      }
      parts.add(rest.substring(0, at));
      rest =
          separator == null
              ? strip(rest.substring(at), null, true, false)
              : rest.substring(at + separator.length());
    }
    if (separator != null) {
      parts.add(rest);
    } else if (!rest.isEmpty()) {
      parts.add(rest);
    }
    return parts;
  }

  /** {@code str.rsplit} at a separator. */
  static List<Object> splitFromRight(String text, String separator, long limit) {
    requireSeparator(separator);
    List<Object> parts = new ArrayList<>();
    String rest = text;
    while (limit < 0 || parts.size() < limit) {
      int at = rest.lastIndexOf(separator);
      if (at < 0) {
        break;
      }
      parts.add(0, rest.substring(at + separator.length()));
      rest = rest.substring(0, at);
    }
    parts.add(0, rest);
    return parts;
  }

  private static void requireSeparator(@Nullable String separator) {
    if (separator != null && separator.isEmpty()) {
      throw new TemplateException("the separator is empty");
    }
  }

  private static int firstSpace(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isSpace(text.charAt(i))) {
        return i;
      }
    }
    return -1;
  }

  /** {@code str.splitlines}. */
  static List<Object> lines(String text) {
    List<Object> lines = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i < text.length(); i++) {
      if ("\n\r\u000B\f\u001C\u001D\u001E\u0085\u2028\u2029".indexOf(text.charAt(i)) >= 0) {
        lines.add(text.substring(begin, i));
        if (text.startsWith("\r\n", i)) {
          i++;
        }
        begin = i + 1;
      }
    }
    if (begin < text.length()) {
      lines.add(text.substring(begin));
    }
    return lines;
  }

  /** {@code str.capitalize}. */
  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = Character.charCount(text.codePointAt(0));
    return text.substring(0, first).toUpperCase(Locale.ROOT)
        + text.substring(first).toLowerCase(Locale.ROOT);
  }

  /** Upper-case letters where words begin, lower-case ones elsewhere. */
  static String title(String text, String delimiters) {
    StringBuilder out = new StringBuilder();
    boolean begins = true;
    for (Object character : characters(text)) {
      String one = (String) character;
      out.append(begins ? one.toUpperCase(Locale.ROOT) : one.toLowerCase(Locale.ROOT));
      int codePoint = one.codePointAt(0);
      begins =
          delimiters.isEmpty()
              ? !Character.isLetter(codePoint)
              : isSpace(codePoint) || delimiters.indexOf(codePoint) >= 0;
    }
    return out.toString();
  }

  /** Resolves the escapes of a string literal; unknown ones stay as they are. */
  static String unescape(String literal) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < literal.length(); i++) {
      char c = literal.charAt(i);
      if (c != '\\' || i + 1 == literal.length()) {
        out.append(c);
        continue;
      }
      char escape = literal.charAt(++i);
      int plain = "nrtabfv0\\'\"\n".indexOf(escape);
      int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : escape == 'U' ? 8 : 0;
      if (plain >= 0) {
        out.append(plain == 11 ? "" : "\n\r\t\u0007\b\f\u000B\0\\'\"".charAt(plain));
      } else if (digits > 0 && i + digits < literal.length()) {
        out.appendCodePoint(hexadecimal(literal.substring(i + 1, i + 1 + digits)));
        i += digits;
      } else {
        out.append('\\').append(escape);
      }
    }
    return out.toString();
  }

  private static int hexadecimal(String digits) {
    try {
      int codePoint = Integer.parseInt(digits, 16);
      if (Character.isValidCodePoint(codePoint)) {
        return codePoint;
      }
    } catch (NumberFormatException e) {
      // Said below, as for a number that is too large.
    }
    throw new TemplateException("'" + digits + "' is not a code point in hexadecimal digits");
  }

  /** {@code repr(str)}. */
  static String quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder().append(quote);
    text.codePoints()
        .forEach(
            codePoint -> {
              if (codePoint == quote || codePoint == '\\') {
                out.append('\\').append((char) codePoint);
              } else {
                out.append(
                    isPrintable(codePoint) ? Character.toString(codePoint) : code(codePoint));
              }
            });
    return out.append(quote).toString();
  }

  private static boolean isPrintable(int codePoint) {
    return codePoint == ' '
        || switch (Character.getType(codePoint)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.PRIVATE_USE,
              Character.UNASSIGNED,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.SPACE_SEPARATOR ->
              false;
          default -> true;
        };
  }

  private static String code(int codePoint) {
    return switch (codePoint) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default ->
          codePoint < 0x100
              ? "\\x%02x".formatted(codePoint)
              : codePoint < 0x10000
                  ? "\\u%04x".formatted(codePoint)
                  : "\\U%08x".formatted(codePoint);
    };
  }
}
