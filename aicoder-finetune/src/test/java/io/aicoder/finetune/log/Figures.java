package io.aicoder.finetune.log;

import java.util.Map;

/** Figures for tests, of any step. */
final class Figures {

  private Figures() {}

  static StepMetrics step(long step) {
    return new StepMetrics(
        step,
        step / 10.0,
        1.0 / step,
        1e-4,
        0.5,
        step * 512,
        step * 100,
        1234.5,
        step * 0.5,
        3L << 29);
  }

  static EvaluationMetrics evaluation(long step) {
    return new EvaluationMetrics(step, 0.5, Map.of("SR@All", 0.25));
  }

  static RunSummary summary(long step) {
    return new RunSummary(step, step * 512, step * 0.5, RunSummary.Ending.COMPLETED, "");
  }

  /** Tells a listener of steps up to one, with a measurement after every fourth. */
  static void tell(MetricsListener listener, long from, long to) {
    for (long step = from; step <= to; step++) {
      listener.step(step(step));
      if (step % 4 == 0) {
        listener.evaluated(evaluation(step));
      }
    }
  }
}
