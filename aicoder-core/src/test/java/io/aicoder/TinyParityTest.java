package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.llama.ComputeType;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checkpoints and adapters of every form that transformers and PEFT write compute what they compute
 * there: {@code make_tiny_checkpoints.py}, {@code make_tiny_adapters.py}.
 */
class TinyParityTest {

  /** Six significant digits of logits up to about 10, and the order of summation. */
  private static final double LOGIT_TOLERANCE = 1e-3;

  private static final int NEW_TOKENS = 24;

  static List<String> checkpoints() {
    return Recording.folders("checkpoints");
  }

  static List<String> adapters() {
    return Recording.folders("adapters");
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void computesWhatTransformersComputes(String name, @TempDir Path directory) {
    Path model = ModelDirectory.checkpoint(name, directory).path();
    try (AiCoder coder = AiCoder.builder(model).optComputeType(ComputeType.FP32).build()) {
      assertSame("checkpoints/" + name, coder);
    }
  }

  /** Longest first: no request leaves frequencies behind for the next. */
  @ParameterizedTest
  @ValueSource(strings = {"rope_dynamic", "rope_dynamic_old"})
  void dynamicScalingForgetsTheTextBefore(String name, @TempDir Path directory) {
    Path model = ModelDirectory.checkpoint(name, directory).path();
    try (AiCoder coder = AiCoder.builder(model).optComputeType(ComputeType.FP32).build()) {
      JsonNode cases = Recording.read("checkpoints/" + name + "/expected.json").get("cases");
      for (int i = cases.size() - 1; i >= 0; i--) {
        assertThat(coder.generate(request(cases.get(i))).ids())
            .isEqualTo(Recording.ids(cases.get(i).get("output_ids")));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("adapters")
  void computesWhatPeftComputes(String name, @TempDir Path directory) {
    Path model = ModelDirectory.checkpoint("tied", directory).path();
    try (AiCoder coder =
        AiCoder.builder(model)
            .optComputeType(ComputeType.FP32)
            .optAdapter(Recording.path("adapters/" + name))
            .build()) {
      assertSame("adapters/" + name, coder);
    }
  }

  /** In the file's own number format the logits stray a little, and nothing fails. */
  @ParameterizedTest
  @MethodSource("checkpoints")
  void runsInTheNumberFormatOfTheFile(String name, @TempDir Path directory) {
    Path model = ModelDirectory.checkpoint(name, directory).path();
    try (AiCoder coder = AiCoder.load(model)) {
      JsonNode recorded = Recording.read("checkpoints/" + name + "/expected.json").get("cases");
      for (JsonNode entry : recorded) {
        GenerationResult result = coder.generate(request(entry));
        DoubleSummaryStatistics range =
            DoubleStream.of(Recording.numbers(entry.get("last_logits"))).summaryStatistics();
        // bfloat16 keeps 8 bits, these weights are random and wide, some prompts long.
        assertThat(Recording.largestDifference(entry.get("last_logits"), result.promptLogits()))
            .isLessThan((range.getMax() - range.getMin()) / 5);
      }
    }
  }

  private static void assertSame(String resource, AiCoder coder) {
    for (JsonNode entry : Recording.read(resource + "/expected.json").get("cases")) {
      GenerationResult result = coder.generate(request(entry));
      assertThat(Recording.largestDifference(entry.get("last_logits"), result.promptLogits()))
          .isLessThan(LOGIT_TOLERANCE);
      assertThat(result.ids()).isEqualTo(Recording.ids(entry.get("output_ids")));
    }
  }

  private static GenerationRequest request(JsonNode entry) {
    return GenerationRequest.tokens(Recording.ids(entry.get("prompt_ids")))
        .optMaxNewTokens(NEW_TOKENS)
        .optPromptLogits(true)
        .build();
  }
}
