package io.aicoder.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.FixedLogits;
import io.aicoder.fixture.Recording;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    List<Integer> prompt = Recording.ids(vector.get("prompt_ids"));
    List<Integer> generated = Recording.ids(vector.get("generated_ids"));
    try (LlamaProgram program = program(directory, prompt, generated.size())) {
      program.configure(sampling(entry.get("settings")), prompt);
      for (int i = 0; i < generated.size(); i++) {
        program.advance(new long[] {generated.get(i)}, prompt.size() + i, -1);
      }
      for (int i = 0; i < DRAWS; i++) {
        drawn[(int) program.choose((i + 0.5) / DRAWS)[0]]++;
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

  /** Rows of a batch choose as they do alone, also when they need candidates of other numbers. */
  @Test
  void rowsDoNotInfluenceEachOther(@TempDir Path directory) {
    double[] logits = new double[2000];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = Math.sin(i) + (i < 40 ? 6 : 0);
    }
    FixedLogits.write(directory, logits);
    // The first row repeats what is likely: with its penalty it needs far more candidates.
    Sampling sampling = sampling(1, 0, 0.9, 0, 1, 2.5);
    double[] draws = {0.97, 0.5, 0.97};
    long[][] newest = {{1, 2}, {1500, 2}, {1501, 1502}};
    try (LlamaProgram program = program(directory, List.of(0), 2)) {
      long[] alone = new long[3];
      for (int row = 0; row < 3; row++) {
        program.prefill(new long[] {0}, 0, -1, true);
        program.configure(sampling, List.of(0));
        program.advance(new long[] {newest[row][0]}, 1, -1);
        program.advance(new long[] {newest[row][1]}, 2, -1);
        alone[row] = program.choose(draws[row])[0];
      }
      program.begin(3, 4);
      program.prefill(new long[] {0}, 0, -1, true);
      program.configure(sampling, List.of(0));
      program.arrange(new long[3], 1);
      program.advance(new long[] {newest[0][0], newest[1][0], newest[2][0]}, 1, -1);
      program.advance(new long[] {newest[0][1], newest[1][1], newest[2][1]}, 2, -1);
      assertThat(program.choose(draws)).isEqualTo(alone);
      assertThat(alone).doesNotHaveDuplicates();
      program.arrange(new long[] {2, 0}, 3);
      program.advance(new long[] {1502, 2}, 3, -1); // seen already, so that nothing changes
      assertThat(program.choose(draws[2], draws[0])).containsExactly(alone[2], alone[0]);
    }
  }

  @Test
  void everyDrawGivesATokenThatIsKept(@TempDir Path directory) {
    FixedLogits.write(directory, 0, 1, 2, -30, -30);
    try (LlamaProgram program = program(directory, List.of(0), 0)) {
      for (double draw : new double[] {0, Double.MIN_VALUE, 0.5, Math.nextDown(1.0)}) {
        assertThat(choose(program, sampling(1, 0, 1, 0, 1, 1), draw)).isBetween(0L, 4L);
        assertThat(choose(program, sampling(1, 2, 1, 0, 1, 1), draw)).isBetween(1L, 2L);
        assertThat(choose(program, sampling(1, 0, 0.9, 0, 1, 1), draw)).isBetween(1L, 2L);
        assertThat(choose(program, sampling(1, 0, 1, 0.2, 1, 1), draw)).isBetween(1L, 2L);
        program.configure(sampling(1, 0, 1, 0, 1, 1), List.of());
        program.useMasks(List.of(new long[] {0b00011}));
        assertThat(program.choose(draw)[0]).isBetween(0L, 1L);
      }
    }
  }

  private static long choose(LlamaProgram program, Sampling sampling, double draw) {
    program.configure(sampling, List.of());
    return program.choose(draw)[0];
  }

  @Test
  void atTemperatureZeroTheLikeliestIsTaken(@TempDir Path directory) {
    FixedLogits.write(directory, 0, 1, 2, 1.9);
    try (LlamaProgram program = program(directory, List.of(2), 0)) {
      assertThat(choose(program, sampling(0, 0, 1, 0, 1, 1), 0.99)).isEqualTo(2);
      assertThat(choose(program, sampling(0, 3, 0.5, 0.9, 0.1, 1), 0.99)).isEqualTo(2);
      program.configure(sampling(0, 0, 1, 0, 1, 1.2), List.of(2));
      assertThat(program.choose(0.99)).containsExactly(3);
    }
  }

  @Test
  void optionsThatLeaveNoTokenAreRefused(@TempDir Path directory) {
    FixedLogits.write(directory, 0, 1, 2);
    try (LlamaProgram program = program(directory, List.of(0, 1, 2), 0)) {
      for (double temperature : new double[] {0, 1}) {
        Sampling sampling =
            new Sampling(temperature, 0, 1, 0, 1, 1, 0, 0, 1, Map.of(), 0, List.of());
        program.configure(sampling, List.of(0, 1, 2));
        assertThatThrownBy(() -> program.choose(0.5))
            .isInstanceOf(AiCoderException.class)
            .hasMessageStartingWith("the options leave no token to choose: loosen");
        assertThatThrownBy(() -> program.continuations(new double[1], 2))
            .hasMessageStartingWith("the options leave no token to choose: loosen");
      }
    }
  }

  /** As the kernels do when a vocabulary is larger than the thousand that are looked at first. */
  @Test
  void aNucleusMayBeLargerThanAThousand(@TempDir Path directory) {
    FixedLogits.write(directory, new double[3000]);
    try (LlamaProgram program = program(directory, List.of(0), 0)) {
      program.configure(sampling(1, 0, 0.6, 0, 1, 1), List.of());
      long distinct =
          Stream.iterate(0, i -> i + 1)
              .limit(DRAWS)
              .map(i -> program.choose((i + 0.5) / DRAWS)[0])
              .distinct()
              .count();
      assertThat(distinct).isBetween(1700L, 1801L);
    }
  }

  /** More masks than the program keeps, so that numbers are used again. */
  @Test
  void masksThatWereForgottenComeBack(@TempDir Path directory) {
    int words = 1 << 12; // 2,048 masks are kept
    double[] logits = new double[words * Long.SIZE];
    FixedLogits.write(directory, logits);
    try (LlamaProgram program = program(directory, List.of(0), 0)) {
      program.configure(Sampling.GREEDY, List.of());
      for (int i = 0; i < 2 * 2100; i++) {
        int token = i % 2100 * 37;
        long[] mask = new long[words];
        mask[token / Long.SIZE] = 1L << token;
        program.useMasks(List.of(mask));
        if (i % 70 == 0) { // choosing takes longer than the rest
          assertThat(program.choose(0)).containsExactly(token);
        }
      }
    }
  }

  private static LlamaProgram program(Path directory, List<Integer> prompt, int more) {
    LlamaProgram program = WeightLoader.load(Checkpoint.open(directory), ComputeType.FP32);
    program.begin(1, prompt.size() + more);
    program.prefill(prompt.stream().mapToLong(Integer::longValue).toArray(), 0, -1, true);
    return program;
  }

  private static Sampling sampling(
      double temperature,
      int topK,
      double topP,
      double minP,
      double typicalP,
      double repetitionPenalty) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        0,
        0,
        0,
        Map.of(),
        0,
        List.of());
  }

  private static Sampling sampling(JsonNode settings) {
    Map<Integer, Double> bias = new HashMap<>();
    settings
        .path("logit_bias")
        .properties()
        .forEach(entry -> bias.put(Integer.valueOf(entry.getKey()), entry.getValue().asDouble()));
    return new Sampling(
        settings.path("temperature").asDouble(1),
        settings.path("top_k").asInt(0),
        settings.path("top_p").asDouble(1),
        settings.path("min_p").asDouble(0),
        settings.path("typical_p").asDouble(1),
        settings.path("repetition_penalty").asDouble(1),
        settings.path("presence_penalty").asDouble(0),
        settings.path("frequency_penalty").asDouble(0),
        settings.path("no_repeat_ngram_size").asInt(0),
        bias,
        settings.path("min_new_tokens").asInt(0),
        Recording.ids(RECORDING.get("end_ids")));
  }
}
