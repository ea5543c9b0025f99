package io.aicoder.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.fixture.FixedLogits;
import io.aicoder.fixture.Recording;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tokens are drawn with the probabilities of transformers: {@code record_sampling.py}. */
class SamplingTest {

  private static final JsonNode RECORDING = Recording.read("sampling.json");

  /** Evenly spaced draws: of n, a token of probability p gets n p, give or take one. */
  private static final int DRAWS = 2000;

  @BeforeAll
  static void start() {
    TorchRuntime.start(0);
  }

  static Stream<Named<JsonNode>> cases() {
    return StreamSupport.stream(RECORDING.get("cases").spliterator(), false)
        .map(entry -> Named.of(entry.get("name").textValue(), entry));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void drawsWithTheProbabilitiesOfTransformers(JsonNode entry, @TempDir Path directory) {
    JsonNode vector = RECORDING.get("vectors").get(entry.get("vector").textValue());
    FixedLogits.write(directory, Recording.numbers(vector.get("logits")));
    double[] expected = Recording.numbers(entry.get("probabilities"));
    int[] drawn = new int[expected.length];
    try (LlamaProgram program = program(directory, Recording.ids(vector.get("seen_ids")))) {
      for (int i = 0; i < DRAWS; i++) {
        drawn[program.choose(sampling(entry), (i + 0.5) / DRAWS)]++;
      }
    }
    List<Integer> kept = Recording.ids(entry.get("kept"));
    for (int id = 0; id < expected.length; id++) {
      assertThat(drawn[id] / (double) DRAWS)
          .as("token %d", id)
          .isCloseTo(expected[id], within(1.01 / DRAWS));
      assertThat(kept.contains(id) || drawn[id] == 0).as("token %d is left out", id).isTrue();
    }
  }

  @Test
  void everyDrawGivesATokenThatIsKept(@TempDir Path directory) {
    FixedLogits.write(directory, 0, 1, 2, -30, -30);
    try (LlamaProgram program = program(directory, List.of(0))) {
      for (double draw : new double[] {0, Double.MIN_VALUE, 0.5, Math.nextDown(1.0)}) {
        assertThat(program.choose(new Sampling(1, 0, 1, 1), draw)).isBetween(0, 4);
        assertThat(program.choose(new Sampling(1, 2, 1, 1), draw)).isBetween(1, 2);
        assertThat(program.choose(new Sampling(1, 0, 0.9, 1), draw)).isBetween(1, 2);
      }
    }
  }

  @Test
  void atTemperatureZeroTheLikeliestIsTaken(@TempDir Path directory) {
    FixedLogits.write(directory, 0, 1, 2, 1.9);
    try (LlamaProgram program = program(directory, List.of(2))) {
      assertThat(program.choose(new Sampling(0, 0, 1, 1), 0.99)).isEqualTo(2);
      assertThat(program.choose(new Sampling(0, 3, 0.5, 1), 0.99)).isEqualTo(2);
      assertThat(program.choose(new Sampling(0, 0, 1, 1.2), 0.99)).isEqualTo(3);
    }
  }

  /** As the kernels do when a vocabulary is larger than the thousand that are looked at first. */
  @Test
  void aNucleusMayBeLargerThanAThousand(@TempDir Path directory) {
    FixedLogits.write(directory, new double[3000]);
    try (LlamaProgram program = program(directory, List.of(0))) {
      long distinct =
          Stream.iterate(0, i -> i + 1)
              .limit(DRAWS)
              .map(i -> program.choose(new Sampling(1, 0, 0.6, 1), (i + 0.5) / DRAWS))
              .distinct()
              .count();
      assertThat(distinct).isBetween(1700L, 1801L);
    }
  }

  private static LlamaProgram program(Path directory, List<Integer> seen) {
    LlamaProgram program = WeightLoader.load(Checkpoint.open(directory), ComputeType.FP32);
    program.begin(seen.size(), seen.size());
    program.prefill(seen.stream().mapToLong(Integer::longValue).toArray(), 0, -1, true);
    return program;
  }

  private static Sampling sampling(JsonNode entry) {
    return new Sampling(
        entry.path("temperature").asDouble(1),
        entry.path("top_k").asInt(0),
        entry.path("top_p").asDouble(1),
        entry.path("repetition_penalty").asDouble(1));
  }
}
