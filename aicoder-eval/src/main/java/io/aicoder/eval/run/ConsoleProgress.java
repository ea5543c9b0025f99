package io.aicoder.eval.run;

import io.aicoder.eval.metric.Rate;
import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Shows how a run gets on: a moving bar on a terminal, elsewhere a line every few seconds, which
 * stays readable in a log.
 */
public final class ConsoleProgress implements ProgressListener {

  private static final long LINE_INTERVAL_NANOS = Duration.ofSeconds(5).toNanos();
  private static final int BAR_INTERVAL_MILLIS = 200;
  private static final int BAR_WIDTH = 100;

  private final PrintStream out;
  private final boolean terminal;

  private @Nullable ProgressBar bar;
  private String phase = "";
  private int total;
  private int done;
  private Rate rate = new Rate(0, 0);
  private long started;
  private long lastLine;

  private ConsoleProgress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Writes to a stream, with a moving bar when this process has a terminal. */
  public static ConsoleProgress to(PrintStream out) {
    return new ConsoleProgress(out, hasTerminal());
  }

  /**
   * Writes to a stream.
   *
   * @param out where to; stays the caller's
   * @param terminal whether it moves a cursor back at a carriage return
   */
  public static ConsoleProgress to(PrintStream out, boolean terminal) {
    return new ConsoleProgress(out, terminal);
  }

  /** Since JDK 22 there is a console without a terminal, too, and a method to ask it. */
  private static boolean hasTerminal() {
    Console console = System.console();
    if (console == null || "dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }

  @Override
  public void phaseStarted(String name, int count) {
    phase = name;
    total = count;
    done = 0;
    rate = new Rate(0, 0);
    started = System.nanoTime();
    lastLine = started;
    if (terminal) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(count)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(BAR_INTERVAL_MILLIS)
              .showSpeed()
              .setConsumer(new ConsoleProgressBarConsumer(out, BAR_WIDTH))
              .build();
    } else {
      out.println(name + ": " + count + " to do");
    }
  }

  @Override
  public void finished(String id, Rate srAll) {
    done++;
    rate = srAll;
    if (bar != null) {
      bar.step();
      bar.setExtraMessage(passed());
    } else if (System.nanoTime() - lastLine >= LINE_INTERVAL_NANOS) {
      lastLine = System.nanoTime();
      printLine();
    }
  }

  @Override
  public void phaseEnded(String name) {
    if (bar != null) {
      bar.close();
      bar = null;
    } else {
      printLine();
    }
  }

  private void printLine() {
    double seconds = (System.nanoTime() - started) / 1e9;
    double speed = done / Math.max(seconds, 1e-3);
    String left =
        done == 0 || done == total
            ? ""
            : String.format(Locale.ROOT, ", %d s left", Math.round((total - done) / speed));
    out.println(
        String.format(
            Locale.ROOT,
            "%s: %d of %d, %s, %,.1f/s, %d s%s",
            phase,
            done,
            total,
            passed(),
            speed,
            (long) seconds,
            left));
  }

  private String passed() {
    return String.format(Locale.ROOT, "%.1f %% pass", 100 * rate.value());
  }
}
