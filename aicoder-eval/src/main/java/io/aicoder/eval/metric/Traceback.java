package io.aicoder.eval.metric;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One Python traceback as it is printed to standard error.
 *
 * @param type the exception's class as printed, with its module if it has one
 * @param message the first line of the text behind the class, empty when there is none
 * @param function the function of the innermost frame; empty in a syntax error
 * @param line the line of the innermost frame, from 1; 0 when no frame was printed
 * @param source the source text of that line, empty when it was not printed
 */
public record Traceback(String type, String message, String function, int line, String source) {

  private static final String HEADER = "Traceback (most recent call last):";
  private static final Pattern FRAME =
      Pattern.compile("\\s*File \"[^\"]*\", line (\\d{1,9})(?:, in (.+))?");
  private static final Pattern EXCEPTION = Pattern.compile("([A-Za-z_][\\w.]*)(?:: ?(.*))?");

  /** Returns the class without its module. */
  public String simpleType() {
    return type.substring(type.lastIndexOf('.') + 1);
  }

  /** Returns {@code type: message}, or the type alone when there is no message. */
  public String summary() {
    return message.isEmpty() ? type : type + ": " + message;
  }

  /**
   * Finds the tracebacks in what a program wrote to standard error, oldest first. Text between them
   * is skipped; a syntax error, which Python prints without the usual heading, counts as one.
   */
  public static List<Traceback> all(String stderr) {
    Reader reader = new Reader();
    for (String line : stderr.split("\n", -1)) {
      reader.take(line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
    }
    return reader.found;
  }

  /** Returns the last of {@link #all}: the one that ended the program, if one did. */
  public static @Nullable Traceback last(String stderr) {
    List<Traceback> all = all(stderr);
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }

  /** Takes lines and collects the tracebacks among them. */
  private static final class Reader {

    private final List<Traceback> found = new ArrayList<>();
    private boolean open;
    private String function = "";
    private int line;
    private String source = "";

    void take(String text) {
      Matcher frame = FRAME.matcher(text);
      if (text.equals(HEADER)) {
        begin();
      } else if (frame.matches()) {
        if (!open) {
          begin();
        }
        line = Integer.parseInt(frame.group(1));
        function = frame.group(2) == null ? "" : frame.group(2);
        source = "";
      } else if (open && (text.isEmpty() || Character.isWhitespace(text.charAt(0)))) {
        source = source.isEmpty() ? text.strip() : source;
      } else if (open) {
        end(text);
      }
    }

    private void begin() {
      open = true;
      function = "";
      line = 0;
      source = "";
    }

    private void end(String text) {
      Matcher exception = EXCEPTION.matcher(text);
      if (exception.matches()) {
        String message = exception.group(2) == null ? "" : exception.group(2).strip();
        found.add(new Traceback(exception.group(1), message, function, line, source));
      }
      open = false;
    }
  }
}
