package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import io.aicoder.llama.ComputeType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Adapters come, go and are combined while requests run. */
class AdapterLifeTest {

  private static final double LOGIT_TOLERANCE = 1e-4;
  private static final int NEW_TOKENS = 24;

  private AiCoder coder;

  @BeforeEach
  void load(@TempDir Path directory) {
    Path model = ModelDirectory.checkpoint("tied", directory).path();
    coder = AiCoder.builder(model).optComputeType(ComputeType.FP32).build();
  }

  @AfterEach
  void close() {
    coder.close();
  }

  private void loadAdapter(String name) {
    coder.loadAdapter(name, Recording.path("adapters/" + name));
  }

  private static GenerationRequest request(String adapter, int tokens) {
    return GenerationRequest.tokens(List.of(1, 17, 33))
        .optMaxNewTokens(tokens)
        .optIgnoreEos(true)
        .optAdapter(adapter)
        .build();
  }

  private void assertRequestRefused(Runnable action, String message) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            AiCoderException.class, e -> assertThat(e.category()).isEqualTo(ErrorCategory.REQUEST))
        .hasMessageContaining(message);
  }

  @Test
  void theLoadedAreListed() {
    assertThat(coder.adapters()).isEmpty();
    loadAdapter("rslora");
    loadAdapter("dora");
    assertThat(coder.adapters()).containsExactly("dora", "rslora");
    coder.unloadAdapter("dora");
    assertThat(coder.adapters()).containsExactly("rslora");
  }

  @Test
  void requestsThatWaitStillRunWithAnUnloadedAdapter() {
    loadAdapter("all_linear");
    List<Integer> expected = coder.generate(request("all_linear", 60)).ids();
    List<TextStream> waiting = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      waiting.add(coder.stream(request("all_linear", 60)));
    }
    coder.unloadAdapter("all_linear");
    assertRequestRefused(
        () -> coder.stream(request("all_linear", 1)), "adapter 'all_linear' is not loaded");
    for (TextStream stream : waiting) {
      assertThat(stream.result().ids()).isEqualTo(expected);
    }
    loadAdapter("all_linear"); // its name is free again
    assertThat(coder.generate(request("all_linear", 60)).ids()).isEqualTo(expected);
  }

  /** Whatever adapter a request was taken with serves it, whoever loads and unloads meanwhile. */
  @Test
  @Timeout(120)
  void loadingAndUnloadingRacesWithRequests() throws Exception {
    loadAdapter("q_v");
    List<Integer> expected = coder.generate(request("q_v", 12)).ids();
    AtomicBoolean done = new AtomicBoolean();
    Thread unloader =
        new Thread(
            () -> {
              while (!done.get()) {
                coder.unloadAdapter("q_v");
                loadAdapter("q_v");
              }
            });
    unloader.start();
    int served = 0;
    int refused = 0;
    try {
      while (served < 100) {
        try (TextStream stream = coder.stream(request("q_v", 12))) {
          assertThat(stream.result().ids()).isEqualTo(expected);
          served++;
        } catch (AiCoderException e) {
          assertThat(e).hasMessageContaining("adapter 'q_v' is not loaded");
          refused++;
          Thread.yield();
        }
      }
    } finally {
      done.set(true);
      unloader.join();
    }
    assertThat(refused).isPositive(); // else nothing raced
  }

  @Test
  void aReplacedAdapterServesThoseThatBeganWithIt() {
    coder.replaceAdapter("live", Recording.path("adapters/all_linear"));
    List<Integer> former = coder.generate(request("live", 60)).ids();
    List<TextStream> waiting = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      waiting.add(coder.stream(request("live", 60)));
    }
    coder.replaceAdapter("live", Recording.path("adapters/saved_head"));
    loadAdapter("saved_head");
    List<Integer> expected = coder.generate(request("saved_head", 60)).ids();
    assertThat(expected).isNotEqualTo(former);
    assertThat(coder.generate(request("live", 60)).ids()).isEqualTo(expected);
    for (TextStream stream : waiting) {
      assertThat(stream.result().ids()).isEqualTo(former);
    }
    assertThat(coder.adapters()).containsExactly("live", "saved_head");
    assertThat(coder.fingerprint("live")).isEqualTo(coder.fingerprint("saved_head"));
  }

  @Test
  void whatCannotTakeItsPlaceLeavesTheFormer(@TempDir Path empty) {
    coder.replaceAdapter("live", Recording.path("adapters/all_linear"));
    List<Integer> former = coder.generate(request("live", 20)).ids();
    assertThatThrownBy(() -> coder.replaceAdapter("live", empty))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining(empty.toString());
    assertThat(coder.generate(request("live", 20)).ids()).isEqualTo(former);
    assertRequestRefused(
        () -> coder.replaceAdapter(AiCoder.BASE, Recording.path("adapters/q_v")), "'base'");
  }

  @Test
  void whatCannotBeUnloaded(@TempDir Path directory) {
    assertRequestRefused(() -> coder.unloadAdapter("none"), "adapter 'none' is not loaded");
    assertRequestRefused(() -> coder.unloadAdapter(AiCoder.BASE), "'base' is not loaded");
    Path model = ModelDirectory.checkpoint("tied", directory).path();
    try (AiCoder other =
        AiCoder.builder(model).optAdapter(Recording.path("adapters/q_v")).build()) {
      assertRequestRefused(() -> other.unloadAdapter("q_v"), "adapter 'q_v' is the default");
    }
  }

  @Test
  void aCombinationIsTheWeightedSum() {
    int number = 0;
    for (JsonNode entry : Recording.read("combinations.json")) {
      Map<String, Double> weights = new LinkedHashMap<>();
      entry
          .get("weights")
          .properties()
          .forEach(weight -> weights.put(weight.getKey(), weight.getValue().doubleValue()));
      weights.keySet().stream()
          .filter(name -> !coder.adapters().contains(name))
          .forEach(this::loadAdapter);
      String name = "sum " + number++;
      coder.combineAdapters(name, weights);
      for (JsonNode recorded : entry.get("cases")) {
        GenerationResult result =
            coder.generate(
                GenerationRequest.tokens(Recording.ids(recorded.get("prompt_ids")))
                    .optMaxNewTokens(NEW_TOKENS)
                    .optPromptLogits(true)
                    .optAdapter(name)
                    .build());
        assertThat(Recording.largestDifference(recorded.get("last_logits"), result.promptLogits()))
            .isLessThan(LOGIT_TOLERANCE);
        assertThat(result.ids()).isEqualTo(Recording.ids(recorded.get("output_ids")));
      }
    }
  }

  @Test
  void aCombinationOutlivesItsParts() {
    loadAdapter("all_linear");
    loadAdapter("q_v");
    coder.combineAdapters("sum", Map.of("all_linear", 0.5, "q_v", 0.5));
    List<Integer> expected = coder.generate(request("sum", 20)).ids();
    coder.unloadAdapter("all_linear");
    coder.unloadAdapter("q_v");
    assertThat(coder.generate(request("sum", 20)).ids()).isEqualTo(expected);
    coder.combineAdapters("again", Map.of("sum", 1.0));
    assertThat(coder.generate(request("again", 20)).ids()).isEqualTo(expected);
    assertThat(coder.fingerprint("again")).isNotEqualTo(coder.fingerprint("sum"));
  }

  @Test
  void aCombinationOfOneIsThatOne() {
    loadAdapter("all_linear");
    coder.combineAdapters("same", Map.of("all_linear", 1.0));
    coder.combineAdapters("nothing", Map.of("all_linear", 0.0));
    assertThat(coder.generate(request("same", 20)).ids())
        .isEqualTo(coder.generate(request("all_linear", 20)).ids());
    assertThat(coder.generate(request("nothing", 20)).ids())
        .isEqualTo(coder.generate(request(AiCoder.BASE, 20)).ids());
  }

  @Test
  void whatCannotBeCombined() {
    List.of("q_v", "dora", "lora_bias", "saved_head", "tokens").forEach(this::loadAdapter);
    assertRequestRefused(
        () -> coder.combineAdapters("sum", Map.of("q_v", 1.0, "dora", 1.0)),
        "has use_dora, which cannot be weighted or combined");
    assertRequestRefused(
        () -> coder.combineAdapters("sum", Map.of("lora_bias", 1.0)), "has lora_bias");
    assertRequestRefused(
        () -> coder.combineAdapters("sum", Map.of("saved_head", 1.0)), "has modules_to_save");
    assertRequestRefused(
        () -> coder.combineAdapters("sum", Map.of("tokens", 1.0)), "has trainable_token_indices");
    assertRequestRefused(
        () -> coder.combineAdapters("sum", Map.of("q_v", Double.NaN)), "must be finite");
    assertRequestRefused(
        () -> coder.combineAdapters("sum", Map.of("nobody", 1.0)), "'nobody' is not loaded");
    assertRequestRefused(() -> coder.combineAdapters("sum", Map.of()), "at least one adapter");
    assertRequestRefused(
        () -> coder.combineAdapters("q_v", Map.of("q_v", 1.0)), "name 'q_v' is taken");
    assertRequestRefused(
        () -> coder.combineAdapters(AiCoder.BASE, Map.of("q_v", 1.0)), "name 'base' is taken");
  }
}
