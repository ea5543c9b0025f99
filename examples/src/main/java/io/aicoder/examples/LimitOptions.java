package io.aicoder.examples;

import io.aicoder.eval.run.LimitScale;
import io.aicoder.eval.sandbox.Limits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What programs may use. */
final class LimitOptions {

  private static final int MEMORY_CEILING = 4;
  private static final long MILLIS = 1000;

  @Option(
      names = "--limit-factor",
      paramLabel = "F",
      description =
          "let programs take F times what their task's reference took, in time and memory; without: 20 s and 2 GiB for all")
  private @Nullable Double factor;

  @Option(
      names = "--limit-floor",
      paramLabel = "S",
      defaultValue = "5",
      description = "with --limit-factor: the least seconds; default ${DEFAULT-VALUE}")
  private double floor = 5;

  @Option(
      names = "--limit-ceiling",
      paramLabel = "S",
      defaultValue = "120",
      description = "with --limit-factor: the most seconds; default ${DEFAULT-VALUE}")
  private double ceiling = 120;

  /** Returns how limits come from references; {@code null}: they do not. */
  @Nullable LimitScale scale() {
    long memory = Limits.DEFAULT.memoryBytes();
    return factor == null
        ? null
        : new LimitScale(factor, limits(floor, memory), limits(ceiling, MEMORY_CEILING * memory));
  }

  private static Limits limits(double seconds, long memory) {
    Duration time = Duration.ofMillis((long) (seconds * MILLIS));
    Limits usual = Limits.DEFAULT;
    return new Limits(
        time, time, memory, usual.processes(), usual.fileBytes(), usual.outputBytes());
  }
}
