package io.aicoder.finetune.log;

import java.util.ArrayList;
import java.util.List;

/**
 * Is told how a training gets on, by the thread that trains: each call delays the next step.
 *
 * <p>Not to be taken for DJL's {@code ai.djl.training.listener.TrainingListener}, which sees arrays
 * and batches; this one sees figures.
 */
public interface MetricsListener extends AutoCloseable {

  /** Called after each optimizer step. */
  default void step(StepMetrics metrics) {}

  /** Called after each measurement. */
  default void evaluated(EvaluationMetrics metrics) {}

  /** Called once, when the training ends, however it ends. */
  default void finished(RunSummary summary) {}

  /** Gives back what it holds, files above all. */
  @Override
  default void close() {}

  /** Returns one that tells several, in order; closing it closes all of them. */
  static MetricsListener all(List<? extends MetricsListener> listeners) {
    List<MetricsListener> copy = List.copyOf(listeners);
    return new MetricsListener() {
      @Override
      public void step(StepMetrics metrics) {
        copy.forEach(listener -> listener.step(metrics));
      }

      @Override
      public void evaluated(EvaluationMetrics metrics) {
        copy.forEach(listener -> listener.evaluated(metrics));
      }

      @Override
      public void finished(RunSummary summary) {
        copy.forEach(listener -> listener.finished(summary));
      }

      @Override
      public void close() {
        List<RuntimeException> failures = new ArrayList<>();
        for (MetricsListener listener : copy) {
          try {
            listener.close();
          } catch (RuntimeException e) {
            failures.add(e);
          }
        }
        if (!failures.isEmpty()) {
          RuntimeException first = failures.get(0);
          failures.subList(1, failures.size()).forEach(first::addSuppressed);
          throw first;
        }
      }
    };
  }
}
