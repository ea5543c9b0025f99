package io.aicoder.finetune.train;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.finetune.log.MetricsListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What happens in a training beside learning.
 *
 * @param evaluateEvery how many steps lie between measurements; 0: one at the end
 * @param checkpointEvery how many steps lie between checkpoints; 0: one at the end
 * @param keptCheckpoints how many of the newest stay, beside the best
 * @param patience how many measurements in a row may be no better before the training stops; 0: any
 * @param measure measures what was trained so far beside the validation loss
 * @param bestBy the figure by which the best model is chosen and patience counts: {@link
 *     #VALIDATION_LOSS}, lower is better, or one that {@code measure} gives, higher is better
 * @param published is given each checkpoint
 * @param listener makes, for the step behind which a training begins, who is told figures
 */
public record RunPolicy(
    int evaluateEvery,
    int checkpointEvery,
    int keptCheckpoints,
    int patience,
    Measure measure,
    String bestBy,
    Published published,
    LongFunction<MetricsListener> listener) {

  /** The name of the validation loss among figures. */
  public static final String VALIDATION_LOSS = "validation_loss";

  /**
   * Checks the numbers.
   *
   * @throws AiCoderException (REQUEST) when one is out of range
   */
  public RunPolicy {
    requireAtLeast(0, "evaluate every", evaluateEvery);
    requireAtLeast(0, "checkpoint every", checkpointEvery);
    requireAtLeast(1, "kept checkpoints", keptCheckpoints);
    requireAtLeast(0, "patience", patience);
  }

  private static void requireAtLeast(int least, String option, int value) {
    if (value < least) {
      throw refused("%s is %d: it must be %d or more".formatted(option, value, least));
    }
  }

  private static AiCoderException refused(String problem) {
    return new AiCoderException(ErrorCategory.REQUEST, problem);
  }

  /**
   * Checks that patience has something to count.
   *
   * @param validates whether there are records to measure the loss on
   * @throws AiCoderException (REQUEST) when it has not
   */
  public void requireMeasured(boolean validates) {
    boolean measures = validates || !bestBy.equals(VALIDATION_LOSS);
    if (patience > 0 && (evaluateEvery == 0 || !measures)) {
      throw refused(
          "patience is %d, and %s: patience counts measurements"
              .formatted(
                  patience,
                  measures
                      ? "nothing is measured before the end (set optEvaluateEvery, --evaluate-every)"
                      : "nothing is measured (give validation records or a measure)"));
    }
  }

  /**
   * Returns the score of a measurement, higher is better; {@code null} when the figure is missing.
   */
  @Nullable Double score(Map<String, Double> found) {
    Double figure = found.get(bestBy);
    return figure == null || !bestBy.equals(VALIDATION_LOSS) ? figure : Double.valueOf(-figure);
  }

  /** Measures a model, such as by running benchmark tasks. */
  @FunctionalInterface
  public interface Measure {

    /** Measures nothing. */
    Measure NONE = (trained, step) -> Map.of();

    /**
     * Measures.
     *
     * @param trained the adapter's directory, or the checkpoint's where all was trained; to be read
     *     before the method returns
     * @param step the step that is done
     * @return figures by name; none when nothing was measured this time
     */
    Map<String, Double> measure(Path trained, long step);
  }

  /** Is given checkpoints, such as to load them into a running model. */
  @FunctionalInterface
  public interface Published {

    /** Called by the thread that trains, after a checkpoint is on the disk. */
    void published(Path directory, long step);

    /** Returns one that tells several, in order. */
    static Published all(List<Published> listeners) {
      List<Published> copy = List.copyOf(listeners);
      return (directory, step) -> copy.forEach(each -> each.published(directory, step));
    }
  }
}
