package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.fixture.SafeTensorsFile;
import io.aicoder.generate.GenerationRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters with more than factors, whose tensors are damaged or not those of their options. */
class DamagedAdapterOptionsTest {

  private static final String CONFIG = "adapter_config.json";
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String MODEL = "base_model.model.model.";
  private static final String Q = MODEL + "layers.0.self_attn.q_proj.";

  private static void assertRefused(
      String name, Consumer<ModelDirectory> damage, Path directory, String problem) {
    ModelDirectory adapter = ModelDirectory.adapter(name, directory);
    damage.accept(adapter);
    try (AiCoder coder = load(name, directory)) {
      assertThatThrownBy(() -> coder.loadAdapter("damaged", adapter.path()))
          .isInstanceOfSatisfying(
              AiCoderException.class,
              e -> assertThat(e.category()).isEqualTo(ErrorCategory.CHECKPOINT))
          .hasMessageContaining(adapter.path().toString())
          .hasMessageContaining(problem);
    }
  }

  private static AiCoder load(String adapter, Path directory) {
    String base = Recording.read("adapters/" + adapter + "/expected.json").get("base").textValue();
    return AiCoder.load(ModelDirectory.checkpoint(base, directory).path());
  }

  private static Consumer<ModelDirectory> weights(Consumer<SafeTensorsFile> change) {
    return adapter -> adapter.safetensors(WEIGHTS, change);
  }

  private static Consumer<ModelDirectory> config(Consumer<ObjectNode> change) {
    return adapter -> adapter.edit(CONFIG, change);
  }

  @ParameterizedTest
  @CsvSource({
    "dora, layers.0.self_attn.q_proj.lora_magnitude_vector",
    "bias_all, layers.0.self_attn.q_proj.base_layer.bias",
    "bias_all, layers.1.mlp.down_proj.bias",
    "bias_lora_only, layers.1.self_attn.v_proj.base_layer.bias",
    "lora_bias, layers.0.mlp.down_proj.lora_B.bias",
    "saved_embedding, embed_tokens.weight",
    "tokens, embed_tokens.token_adapter.trainable_tokens_delta",
  })
  void aTensorThatAnOptionAsksForIsMissing(String name, String tensor, @TempDir Path directory) {
    assertRefused(
        name,
        weights(file -> assertThat(file.header().remove(MODEL + tensor)).isNotNull()),
        directory,
        tensor + ", which adapter_config.json asks for");
  }

  @ParameterizedTest
  @CsvSource({
    "dora, layers.0.self_attn.q_proj.lora_magnitude_vector",
    "bias_all, layers.0.self_attn.q_proj.base_layer.bias",
    "lora_bias, layers.0.mlp.down_proj.lora_B.bias",
    "saved_embedding, embed_tokens.weight",
    "tokens, embed_tokens.token_adapter.trainable_tokens_delta",
    "embedding, embed_tokens.lora_embedding_A",
    "embedding, embed_tokens.lora_embedding_B",
    "embedding, embed_tokens.base_layer.weight",
  })
  void aTensorHasAnotherShape(String name, String tensor, @TempDir Path directory) {
    assertRefused(
        name,
        weights(
            file -> {
              ObjectNode entry = file.tensor(MODEL + tensor);
              long count = 1;
              for (var size : entry.get("shape")) {
                count *= size.longValue();
              }
              entry.putArray("shape").add(1).add(count);
            }),
        directory,
        "tensor " + MODEL + tensor + " has shape [1, ");
  }

  @ParameterizedTest
  @CsvSource({
    "dora, use_dora, false",
    "bias_all, bias, \"none\"",
    "bias_all, bias, \"lora_only\"",
    "lora_bias, lora_bias, false",
    "tokens, trainable_token_indices, null",
    "head, target_modules, '[\"q_proj\"]'",
    "one_layer, layers_to_transform, [0]",
    "q_v, exclude_modules, '[\"v_proj\"]'",
    "all_linear, target_modules, null",
  })
  void aTensorIsThereThatNoOptionAsksFor(
      String name, String option, String value, @TempDir Path directory) {
    assertRefused(
        name,
        config(json -> json.putRawValue(option, new RawValue(value))),
        directory,
        "which adapter_config.json does not ask for");
  }

  @Test
  void optionsThatExcludeEachOther(@TempDir Path directory) {
    assertRefused(
        "dora",
        config(json -> json.put("lora_bias", true)),
        directory,
        "lora_bias is set beside use_dora");
    assertRefused(
        "regex_target",
        config(json -> json.put("layers_to_transform", 1)),
        directory,
        "layers_to_transform is set, but PEFT takes it only where target_modules is a list");
    assertRefused(
        "embedding",
        config(json -> json.put("lora_bias", true)),
        directory,
        "lora_bias is set, which PEFT does not allow for embed_tokens");
    assertRefused(
        "saved_embedding",
        config(json -> json.putArray("trainable_token_indices").add(5)),
        directory,
        "trainable_token_indices and another option both change model.embed_tokens");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[1, 40, 320]", "[1, 40, 40]"})
  void tokensThatCannotBe(String tokens, @TempDir Path directory) {
    assertRefused(
        "tokens",
        config(json -> json.putRawValue("trainable_token_indices", new RawValue(tokens))),
        directory,
        "twice there or outside the vocabulary of 320");
  }

  @ParameterizedTest
  @CsvSource({
    "dora, layers.0.self_attn.q_proj.lora_magnitude_vector",
    "bias_all, layers.0.self_attn.q_proj.base_layer.bias",
    "saved_embedding, embed_tokens.weight",
    "embedding, embed_tokens.lora_embedding_B",
  })
  void numbersThatAreNoneAreSeenWhenTheyAreUsed(
      String name, String tensor, @TempDir Path directory) {
    ModelDirectory adapter = ModelDirectory.adapter(name, directory);
    adapter.safetensors(WEIGHTS, file -> file.fill(MODEL + tensor, 0xFF));
    try (AiCoder coder = load(name, directory)) {
      coder.loadAdapter("nan", adapter.path());
      assertThatThrownBy(() -> coder.generate(request("nan")))
          .isInstanceOf(AiCoderException.class)
          .hasMessageStartingWith("the model's logits are not finite");
      assertThat(coder.generate(request(AiCoder.BASE)).ids()).isNotEmpty();
    }
  }

  /** An embedding that no offset divides is copied where others are mapped. */
  @Test
  void anEmbeddingThatLiesUnaligned(@TempDir Path directory) {
    try (AiCoder coder = load("saved_embedding", directory)) {
      coder.loadAdapter("aligned", Recording.path("adapters/saved_embedding"));
      ModelDirectory adapter = ModelDirectory.adapter("saved_embedding", directory);
      for (int odd = 0; odd < 4; odd++) {
        String filling = " ".repeat(odd);
        adapter.safetensors(
            WEIGHTS, file -> file.header().putObject("__metadata__").put("filling", filling));
        coder.loadAdapter("filled " + odd, adapter.path());
        assertThat(coder.generate(request("filled " + odd)).ids())
            .isEqualTo(coder.generate(request("aligned")).ids());
      }
    }
  }

  private static GenerationRequest request(String adapter) {
    return GenerationRequest.tokens(List.of(1, 5, 9))
        .optMaxNewTokens(12)
        .optAdapter(adapter)
        .build();
  }

  @Test
  void aMagnitudeOfTheOtherLayersNameIsNotTaken(@TempDir Path directory) {
    assertRefused(
        "dora",
        weights(
            file -> file.rename(Q + "lora_magnitude_vector", Q + "lora_magnitude_vector.weight")),
        directory,
        "has tensor " + Q + "lora_magnitude_vector.weight");
  }
}
