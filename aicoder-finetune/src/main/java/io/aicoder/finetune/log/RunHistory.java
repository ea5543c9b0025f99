package io.aicoder.finetune.log;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a training has written of itself so far.
 *
 * @param steps its steps, in order
 * @param evaluations its measurements, in order
 * @param summary how it ended, or {@code null} when it has not
 */
public record RunHistory(
    List<StepMetrics> steps, List<EvaluationMetrics> evaluations, @Nullable RunSummary summary) {

  /** Copies the lists. */
  public RunHistory {
    steps = List.copyOf(steps);
    evaluations = List.copyOf(evaluations);
  }
}
