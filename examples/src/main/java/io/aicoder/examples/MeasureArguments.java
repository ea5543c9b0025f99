package io.aicoder.examples;

import io.aicoder.finetune.LoraFineTuner;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What happens beside learning: measurements and checkpoints. */
final class MeasureArguments {

  @Option(
      names = "--evaluate-every",
      paramLabel = "STEPS",
      defaultValue = "0",
      description = "between measurements; one at the end when absent")
  private int evaluateEvery;

  @Option(
      names = "--tasks",
      paramLabel = "FILE",
      description = "benchmark tasks: SR@All is measured, and the best adapter kept by it")
  private @Nullable Path tasks;

  @Option(
      names = "--patience",
      paramLabel = "N",
      defaultValue = "0",
      description = "stops after so many measurements without a better one; 0: never")
  private int patience;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "STEPS",
      defaultValue = "100",
      description = "between checkpoints; 100 when absent")
  private int checkpointEvery;

  @Option(
      names = "--keep",
      paramLabel = "N",
      defaultValue = "2",
      description = "checkpoints that stay beside the best; 2 when absent")
  private int keep;

  @Nullable Path tasks() {
    return tasks;
  }

  void configure(LoraFineTuner.Builder builder) {
    builder
        .optEvaluateEvery(evaluateEvery)
        .optPatience(patience)
        .optCheckpointEvery(checkpointEvery)
        .optKeptCheckpoints(keep);
  }
}
