package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.Placement;
import io.aicoder.llama.Placement.Stage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Layers split over devices compute what they compute on one. The processor stands for all devices,
 * so that weights, caches and tables of the stages are apart, though their memory is not.
 */
class StagesTest {

  private static final double LOGIT_TOLERANCE = 1e-3;
  private static final int NEW_TOKENS = 24;
  private static final Placement TWO =
      new Placement(List.of(new Stage("cpu", 0), new Stage("cpu", 1)));

  @ParameterizedTest
  @ValueSource(strings = {"tied", "untied", "biases", "mixed_dtypes", "unaligned", "sharded"})
  void aSplitCheckpointComputesWhatTransformersComputes(String name, @TempDir Path directory) {
    Path model = ModelDirectory.checkpoint(name, directory).path();
    try (AiCoder coder =
        AiCoder.builder(model).optComputeType(ComputeType.FP32).optPlacement(TWO).build()) {
      assertRecorded("checkpoints/" + name, coder);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"all_linear", "q_v", "one_layer"})
  void anAdapterIsSplitAlong(String name, @TempDir Path directory) {
    Path model = ModelDirectory.checkpoint("tied", directory).path();
    try (AiCoder coder =
        AiCoder.builder(model)
            .optComputeType(ComputeType.FP32)
            .optPlacement(TWO)
            .optAdapter(Recording.path("adapters/" + name))
            .build()) {
      assertRecorded("adapters/" + name, coder);
    }
  }

  private static void assertRecorded(String resource, AiCoder coder) {
    for (JsonNode entry : Recording.read(resource + "/expected.json").get("cases")) {
      GenerationResult result =
          coder.generate(request(Recording.ids(entry.get("prompt_ids")), NEW_TOKENS));
      assertThat(Recording.largestDifference(entry.get("last_logits"), result.promptLogits()))
          .isLessThan(LOGIT_TOLERANCE);
      assertThat(result.ids()).isEqualTo(Recording.ids(entry.get("output_ids")));
    }
  }

  /** In pieces of 512 tokens, the second of which attends to the first's keys in each stage. */
  @Test
  void threeDevicesTakeALongPromptAsOneDoes() {
    List<Integer> prompt = new ArrayList<>();
    for (int i = 0; i < 700; i++) {
      prompt.add(i * 31 % 4000);
    }
    GenerationRequest request = request(prompt, 8);
    GenerationResult split;
    try (AiCoder nano =
        AiCoder.builder(ModelDirectory.NANO)
            .optComputeType(ComputeType.FP32)
            .optDevices(List.of(Device.cpu(), Device.cpu(), Device.cpu()))
            .build()) {
      split = nano.generate(request);
    }
    try (AiCoder nano =
        AiCoder.builder(ModelDirectory.NANO)
            .optComputeType(ComputeType.FP32)
            .optDevice(Device.cpu())
            .build()) {
      GenerationResult whole = nano.generate(request);
      assertThat(split.ids()).isEqualTo(whole.ids());
      assertThat(split.promptLogits()).isEqualTo(whole.promptLogits());
    }
  }

  private static GenerationRequest request(List<Integer> prompt, int newTokens) {
    return GenerationRequest.tokens(prompt)
        .optMaxNewTokens(newTokens)
        .optTemperature(0.0)
        .optPromptLogits(true)
        .build();
  }
}
