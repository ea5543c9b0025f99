package io.aicoder.finetune.log;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Shows how a training gets on: on a terminal a moving bar with the time left, elsewhere a line
 * every few seconds, which stays readable in a log. Both tell loss (the exponential mean of recent
 * steps, a batch's own jumps about), rate, tokens a second and memory. Measurements get a line of
 * their own.
 *
 * <p>Not thread-safe.
 */
public final class TrainingProgress implements MetricsListener {

  private static final long LINE_INTERVAL_NANOS = Duration.ofSeconds(5).toNanos();
  private static final int BAR_INTERVAL_MILLIS = 200;
  private static final int BAR_WIDTH = 140;

  /** Before that, what is left is not to be told. */
  private static final long SPEED_UNKNOWN_NANOS = Duration.ofSeconds(1).toNanos();

  private static final double LOSS_WEIGHT = 0.9;

  private final PrintStream out;
  private final long total;
  private final long first;
  private final long started;
  private @Nullable ProgressBar bar;
  private double lossMean;
  private double lossShare;
  private @Nullable StepMetrics last;
  private long lastLine;
  private boolean printed;

  /**
   * Begins to show.
   *
   * @param out where to; stays the caller's
   * @param total the step at which the training will end
   * @param afterStep the step after which it goes on, 0 for a new one
   * @param terminal whether {@code out} moves a cursor back at a carriage return
   */
  public TrainingProgress(PrintStream out, long total, long afterStep, boolean terminal) {
    this.out = out;
    this.total = total;
    first = afterStep;
    started = System.nanoTime();
    // So that a first line comes with the first step.
    lastLine = started - LINE_INTERVAL_NANOS;
    bar =
        terminal
            ? new ProgressBarBuilder()
                .setTaskName("training")
                .setInitialMax(total)
                .startsFrom(afterStep, Duration.ZERO)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(BAR_INTERVAL_MILLIS)
                .setConsumer(new ConsoleProgressBarConsumer(out, BAR_WIDTH))
                .build()
            : null;
  }

  @Override
  public void step(StepMetrics metrics) {
    last = metrics;
    printed = false;
    lossMean = LOSS_WEIGHT * lossMean + (1 - LOSS_WEIGHT) * metrics.loss();
    lossShare = LOSS_WEIGHT * lossShare + (1 - LOSS_WEIGHT);
    if (bar != null) {
      bar.stepTo(metrics.step());
      bar.setExtraMessage(" " + figures(metrics));
    } else if (System.nanoTime() - lastLine >= LINE_INTERVAL_NANOS) {
      lastLine = System.nanoTime();
      print(metrics);
    }
  }

  private void print(StepMetrics metrics) {
    printed = true;
    line(
        String.format(
            Locale.ROOT,
            "step %d of %d, epoch %.2f, %s%s",
            metrics.step(),
            total,
            metrics.epoch(),
            figures(metrics),
            left(metrics.step())));
  }

  private String left(long step) {
    long nanos = System.nanoTime() - started;
    if (step == total || nanos < SPEED_UNKNOWN_NANOS) {
      return "";
    }
    double seconds = nanos / 1e9 * (total - step) / (step - first);
    return ", " + time(Math.round(seconds)) + " left";
  }

  private String figures(StepMetrics metrics) {
    String text =
        String.format(
            Locale.ROOT,
            "loss %.4f, rate %.2e, %.0f tokens/s",
            lossMean / lossShare,
            metrics.learningRate(),
            metrics.tokensPerSecond());
    Long bytes = metrics.residentBytes();
    return bytes == null
        ? text
        : text + String.format(Locale.ROOT, ", %.1f GiB", bytes / (double) (1L << 30));
  }

  static String time(long seconds) {
    if (seconds < 60) {
      return seconds + " s";
    }
    long minutes = seconds / 60;
    return minutes < 60
        ? minutes + " min " + seconds % 60 + " s"
        : minutes / 60 + " h " + minutes % 60 + " min";
  }

  @Override
  public void evaluated(EvaluationMetrics metrics) {
    String scores =
        metrics.scores().entrySet().stream()
            .map(TrainingProgress::score)
            .collect(Collectors.joining());
    String loss =
        metrics.validationLoss() == null
            ? ""
            : String.format(Locale.ROOT, ", validation loss %.4f", metrics.validationLoss());
    line("measured after step " + metrics.step() + loss + scores);
  }

  private static String score(Map.Entry<String, Double> score) {
    return String.format(Locale.ROOT, ", %s %.4f", score.getKey(), score.getValue());
  }

  @Override
  public void finished(RunSummary summary) {
    if (bar != null) {
      close();
    } else if (last != null && !printed) {
      print(last);
    }
    // Why it failed is thrown to whoever started it, and not told twice.
    boolean reason = !summary.remark().isEmpty() && summary.ending() != RunSummary.Ending.FAILED;
    String ending =
        switch (summary.ending()) {
          case COMPLETED -> "finished";
          case STOPPED_EARLY -> "stopped early";
          case STOPPED -> "stopped on request";
          case FAILED -> "failed";
        };
    line(
        String.format(
            Locale.ROOT,
            "%s after step %d, %d tokens, %s%s",
            ending,
            summary.step(),
            summary.tokens(),
            time(Math.round(summary.elapsedSeconds())),
            reason ? ": " + summary.remark() : ""));
  }

  /** On a terminal, begins where the bar stands and clears what is left of it. */
  private void line(String text) {
    out.println(bar == null ? text : "\r\u001b[K" + text);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close(); // draws it a last time
      bar = null;
    }
  }
}
