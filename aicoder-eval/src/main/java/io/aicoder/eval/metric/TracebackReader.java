package io.aicoder.eval.metric;

import io.aicoder.eval.metric.Traceback.Earlier;
import io.aicoder.eval.metric.Traceback.Frame;
import io.aicoder.eval.metric.Traceback.Relation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Takes the lines of a standard error and collects the tracebacks among them. For one use. */
final class TracebackReader {

  private static final String HEADER = "Traceback (most recent call last):";
  private static final Pattern GROUP_HEADER =
      Pattern.compile("\\s*\\+ Exception Group Traceback \\(most recent call last\\):");
  private static final Pattern GROUP_MARGIN = Pattern.compile("^\\s*\\| ?");
  private static final Pattern FRAME =
      Pattern.compile("\\s*File \"([^\"]*)\", line (\\d{1,9})(?:, in (.+))?");
  private static final Pattern EXCEPTION = Pattern.compile("([A-Za-z_][\\w.]*)(?:: ?(.*))?");
  private static final Pattern LETTER = Pattern.compile("\\p{L}");
  private static final Pattern COLOUR = Pattern.compile("\\x1B\\[[0-9;]*m");
  private static final Map<String, Relation> LINKS =
      Map.of(
          "The above exception was the direct cause of the following exception:", Relation.CAUSE,
          "During handling of the above exception, another exception occurred:", Relation.CONTEXT);

  private final List<Traceback> found = new ArrayList<>();
  private final List<Frame> frames = new ArrayList<>();
  private boolean open;
  private boolean inGroup;
  private @Nullable Relation link;
  private boolean awaitsMessage;

  /** Returns the tracebacks so far, oldest first. */
  List<Traceback> found() {
    return found;
  }

  /** Takes the next line, without its line break. */
  void take(String line) {
    boolean groupBegins = GROUP_HEADER.matcher(line).matches();
    String text = inGroup && open ? GROUP_MARGIN.matcher(line).replaceFirst("") : line;
    Matcher frame = FRAME.matcher(text);
    if (text.equals(HEADER) || groupBegins) {
      begin();
      inGroup = groupBegins;
    } else if (frame.matches()) {
      if (!open) {
        begin();
      }
      takeFrame(frame);
    } else if (open && (text.isEmpty() || Character.isWhitespace(text.charAt(0)))) {
      takeSource(text.strip());
    } else if (open) {
      end(text);
    } else if (awaitsMessage && LETTER.matcher(text).find()) {
      takeMessage(COLOUR.matcher(text).replaceAll("").strip());
    } else if (!text.isBlank()) {
      link = found.isEmpty() ? null : LINKS.get(text);
    }
  }

  private void begin() {
    open = true;
    awaitsMessage = false;
    frames.clear();
  }

  private void takeFrame(Matcher frame) {
    String function = frame.group(3) == null ? "" : frame.group(3);
    frames.add(new Frame(frame.group(1), Integer.parseInt(frame.group(2)), function, ""));
  }

  /** The first line below a frame is its source; those after it point into it. */
  private void takeSource(String text) {
    int last = frames.size() - 1;
    if (last >= 0 && frames.get(last).source().isEmpty()) {
      Frame frame = frames.get(last);
      frames.set(last, new Frame(frame.file(), frame.line(), frame.function(), text));
    }
  }

  private void end(String text) {
    Matcher exception = EXCEPTION.matcher(text);
    if (exception.matches()) {
      String message = exception.group(2) == null ? "" : exception.group(2).strip();
      Earlier earlier = link == null ? null : new Earlier(link, found.get(found.size() - 1));
      found.add(new Traceback(exception.group(1), message, frames, earlier));
      awaitsMessage = exception.group(2) != null && message.isEmpty();
    }
    open = false;
    inGroup = false;
    link = null;
  }

  /** A message can begin with an empty line, or with a frame, as those of NLTK do. */
  private void takeMessage(String text) {
    Traceback bare = found.remove(found.size() - 1);
    found.add(new Traceback(bare.type(), text, bare.frames(), bare.earlier()));
    awaitsMessage = false;
  }
}
