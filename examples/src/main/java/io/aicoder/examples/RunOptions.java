package io.aicoder.examples;

import io.aicoder.AiCoder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a model may use of the machine, whatever its number format. */
final class RunOptions {

  @Option(
      names = "--quantization-cache",
      paramLabel = "DIR",
      description = "where quantized weights are kept; ~/.cache/aicoder/quantized when absent")
  private @Nullable Path cache;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "threads of one operation; one a core when absent")
  private int threads;

  /** Returns a builder for a model with these options. */
  AiCoder.Builder builder(Path model) {
    return AiCoder.builder(model).optCacheDirectory(cache).optThreads(threads);
  }

  @Nullable Path cache() {
    return cache;
  }

  int threads() {
    return threads;
  }
}
