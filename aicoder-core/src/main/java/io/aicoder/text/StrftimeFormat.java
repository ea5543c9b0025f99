package io.aicoder.text;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** C's date formats, of which chat templates use a few. */
final class StrftimeFormat {

  private static final Map<Character, String> PATTERNS =
      Map.ofEntries(
          Map.entry('d', "dd"),
          Map.entry('m', "MM"),
          Map.entry('b', "MMM"),
          Map.entry('B', "MMMM"),
          Map.entry('y', "yy"),
          Map.entry('Y', "yyyy"),
          Map.entry('a', "EEE"),
          Map.entry('A', "EEEE"),
          Map.entry('j', "DDD"),
          Map.entry('H', "HH"),
          Map.entry('I', "hh"),
          Map.entry('M', "mm"),
          Map.entry('S', "ss"),
          Map.entry('p', "a"));

  private StrftimeFormat() {}

  /** Formats a time in English; a code that is not known stays as it is. */
  static String format(String format, LocalDateTime time) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char code = format.charAt(++i);
      String pattern = PATTERNS.get(code);
      if (code == '%') {
        out.append('%');
      } else if (pattern == null) {
        out.append(c).append(code);
      } else {
        out.append(DateTimeFormatter.ofPattern(pattern, Locale.US).format(time));
      }
    }
    return out.toString();
  }
}
