package io.aicoder.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** What a benchmark runs: a checkpoint, or random weights in a known shape. */
final class BenchmarkModel {

  @ArgGroup(multiplicity = "1")
  @SuppressWarnings("NullAway.Init") // required
  private Source source;

  /** A checkpoint or a shape. */
  private static final class Source {
    @Option(
        names = "--checkpoint",
        paramLabel = "DIR",
        description = "a Hugging Face Llama directory")
    private @Nullable Path checkpoint;

    @Option(
        names = "--shape",
        paramLabel = "S|M",
        description = "random weights in the shape of SmolLM2-135M or Llama-3.2-1B")
    private @Nullable BenchmarkShape shape;
  }

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      description = "holds random weights; default ~/.cache/aicoder/benchmark")
  private @Nullable Path cache;

  /** Returns the checkpoint; random weights are written the first time. */
  Path directory() {
    if (source.checkpoint != null) {
      return source.checkpoint;
    }
    Path folder =
        cache != null
            ? cache
            : Path.of(System.getProperty("user.home"), ".cache", "aicoder", "benchmark");
    return Objects.requireNonNull(source.shape).checkpoint(folder, Path.of("examples/nano/base"));
  }

  /** Returns its name in results. */
  String label() {
    return source.checkpoint == null
        ? "shape " + source.shape
        : String.valueOf(source.checkpoint.getFileName());
  }

  /** The most memory that this process has had resident; −1 where the system does not tell. */
  static long peakRssMib() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
        }
      }
    } catch (IOException e) {
      System.err.println("no peak memory: " + e.getMessage());
    }
    return -1;
  }
}
