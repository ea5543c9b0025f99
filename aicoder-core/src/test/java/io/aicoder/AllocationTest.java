package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.aicoder.fixture.FixedLogits;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.generate.GenerationRequest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A token costs the Java heap little: nothing in it has the size of the vocabulary. */
class AllocationTest {

  private static final int FEW = 200;
  private static final int MANY = 1200;

  /** The promise of the project; the vocabulary's logits alone would be 512 KB. */
  private static final long MOST_BYTES = 10_000;

  private static final int VOCABULARY = 128_256;

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.9})
  void aTokenAllocatesLittle(double temperature, @TempDir Path directory) throws IOException {
    try (AiCoder coder = load(directory)) {
      GenerationRequest.Builder request =
          GenerationRequest.tokens(List.of(1)).optTemperature(temperature).optSeed(1L);
      assertThat(bytesPerToken(coder, request)).isLessThan(MOST_BYTES);
    }
  }

  @Test
  void severalSamplesAndFiltersAllocateLittleToo(@TempDir Path directory) throws IOException {
    try (AiCoder coder = load(directory)) {
      GenerationRequest.Builder request =
          GenerationRequest.tokens(List.of(1))
              .optTemperature(0.8)
              .optTopK(40)
              .optTopP(0.9)
              .optMinP(0.01)
              .optPresencePenalty(0.1)
              .optSamples(2);
      assertThat(bytesPerToken(coder, request)).isLessThan(2 * MOST_BYTES);
    }
  }

  private static AiCoder load(Path directory) throws IOException {
    double[] logits = new double[VOCABULARY];
    logits[33] = 9;
    FixedLogits.write(directory, logits);
    Files.copy(ModelDirectory.NANO.resolve("tokenizer.json"), directory.resolve("tokenizer.json"));
    return AiCoder.load(directory);
  }

  /** What a thousand tokens more allocate, in all threads that there are. */
  private static double bytesPerToken(AiCoder coder, GenerationRequest.Builder request) {
    GenerationRequest few = request.optMaxNewTokens(FEW).build();
    GenerationRequest many = request.optMaxNewTokens(MANY).build();
    coder.generateAll(many);
    long start = allocated();
    coder.generateAll(few);
    long middle = allocated();
    coder.generateAll(many);
    long end = allocated();
    return ((end - middle) - (middle - start)) / (double) (MANY - FEW);
  }

  private static long allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long sum = 0;
    for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
      sum += Math.max(0, bytes);
    }
    return sum;
  }
}
