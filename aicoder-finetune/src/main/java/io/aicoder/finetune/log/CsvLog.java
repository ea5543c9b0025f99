package io.aicoder.finetune.log;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.apache.commons.csv.CSVFormat;
import org.jspecify.annotations.Nullable;

/**
 * Writes figures as two CSV files with a header: steps, one row each, and measurements, a row for
 * each figure ({@code step,metric,value}, the validation loss under the name {@code loss}).
 *
 * <p>Not thread-safe.
 */
public final class CsvLog implements MetricsListener {

  private static final CSVFormat FORMAT = CSVFormat.RFC4180;
  private static final String STEP_HEADER =
      FORMAT.format(
          "step",
          "epoch",
          "loss",
          "learning_rate",
          "gradient_norm",
          "tokens",
          "loss_tokens",
          "tokens_per_second",
          "elapsed_seconds",
          "resident_bytes");
  private static final String EVALUATION_HEADER = FORMAT.format("step", "metric", "value");

  private final LineFile steps;
  private final LineFile evaluations;

  private CsvLog(LineFile steps, LineFile evaluations) {
    this.steps = steps;
    this.evaluations = evaluations;
  }

  /**
   * Opens both files, made with their folders if they are not there.
   *
   * @param stepFile where steps go
   * @param evaluationFile where measurements go
   * @param afterStep the step after which the training goes on, 0 for a new one: rows of later
   *     steps are cut off
   * @throws io.aicoder.error.AiCoderException (ENVIRONMENT) when one cannot be read or written
   */
  public static CsvLog open(Path stepFile, Path evaluationFile, long afterStep) {
    return new CsvLog(
        open(stepFile, STEP_HEADER, afterStep), open(evaluationFile, EVALUATION_HEADER, afterStep));
  }

  private static LineFile open(Path path, String header, long afterStep) {
    LineFile file = LineFile.open(path, line -> line.equals(header) || step(line) <= afterStep);
    if (file.isEmpty()) {
      file.add(header);
    }
    return file;
  }

  /** The first column is a number, so that it is never quoted. */
  private static long step(String line) {
    String first = line.substring(0, Math.max(0, line.indexOf(',')));
    return first.matches("\\d{1,18}") ? Long.parseLong(first) : Long.MAX_VALUE;
  }

  @Override
  public void step(StepMetrics metrics) {
    steps.add(
        row(
            metrics.step(),
            metrics.epoch(),
            metrics.loss(),
            metrics.learningRate(),
            metrics.gradientNorm(),
            metrics.tokens(),
            metrics.lossTokens(),
            metrics.tokensPerSecond(),
            metrics.elapsedSeconds(),
            metrics.residentBytes()));
  }

  @Override
  public void evaluated(EvaluationMetrics metrics) {
    if (metrics.validationLoss() != null) {
      evaluations.add(row(metrics.step(), "validation_loss", metrics.validationLoss()));
    }
    metrics
        .scores()
        .forEach(
            (name, value) ->
                evaluations.add(row(metrics.step(), name.replaceAll("\\R", " "), value)));
  }

  private static String row(@Nullable Object... values) {
    return FORMAT.format(Arrays.stream(values).map(value -> Objects.toString(value, "")).toArray());
  }

  @Override
  public void close() {
    try {
      steps.close();
    } finally {
      evaluations.close();
    }
  }
}
