package io.aicoder.finetune.log;

import io.aicoder.error.AiCoderException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a {@link CurvesPage} up to date with what a {@link JsonLinesLog} writes, which must be told
 * first: at measurements and steps, ten seconds apart at least and for a hundredth of the time at
 * most, and at the end, however that comes.
 *
 * <p>A page that cannot be written is logged and ends no training. Not thread-safe.
 */
public final class CurvesLog implements MetricsListener {

  private static final Logger LOG = LoggerFactory.getLogger(CurvesLog.class);
  private static final long LEAST_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int SHARE_OF_TIME = 100;

  private final Path page;
  private final String title;
  private final Path metrics;
  private final Map<String, String> arguments;
  private long next = System.nanoTime();
  private boolean failed;

  /**
   * Begins; writes nothing yet.
   *
   * @param page the HTML file
   * @param title the page's heading
   * @param metrics the file that the {@link JsonLinesLog} writes
   * @param arguments what the training was told, by name, in order
   */
  public CurvesLog(Path page, String title, Path metrics, Map<String, String> arguments) {
    this.page = page;
    this.title = title;
    this.metrics = metrics;
    this.arguments = arguments;
  }

  @Override
  public void step(StepMetrics step) {
    writeWhenDue();
  }

  @Override
  public void evaluated(EvaluationMetrics evaluation) {
    writeWhenDue();
  }

  @Override
  public void finished(RunSummary summary) {
    write();
  }

  private void writeWhenDue() {
    if (System.nanoTime() - next >= 0) {
      write();
    }
  }

  private void write() {
    long begin = System.nanoTime();
    try {
      CurvesPage.write(page, title, JsonLinesLog.read(metrics), arguments);
    } catch (AiCoderException e) {
      if (!failed) {
        LOG.warn("the curves are not up to date: {}", e.getMessage());
      }
      failed = true;
    }
    long end = System.nanoTime();
    next = end + Math.max(LEAST_NANOS, SHARE_OF_TIME * (end - begin));
  }
}
