package io.aicoder;

import static io.aicoder.fixture.Refusal.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.generate.GenerationRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A checkpoint that is absent or of another kind, or whose configuration is: each named. */
class DamagedCheckpointTest {

  private static final String WEIGHTS = "model.safetensors";

  private static ModelDirectory tied(Path parent) {
    return ModelDirectory.checkpoint("tied", parent);
  }

  @Test
  void anAbsentDirectory(@TempDir Path directory) {
    assertRefused(
        directory.resolve("nowhere"), "nowhere: does not exist: give the checkpoint's directory");
  }

  @Test
  void aFileInPlaceOfTheDirectory(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("model.gguf"), "x");
    assertRefused(file, "model.gguf: is not a directory: give the checkpoint's directory");
  }

  @Test
  void anEmptyDirectory(@TempDir Path directory) {
    assertRefused(directory, "has no config.json: is this a Hugging Face model directory?");
  }

  @Test
  void noWeights(@TempDir Path directory) {
    assertRefused(
        tied(directory).delete(WEIGHTS).path(),
        "has neither model.safetensors nor model.safetensors.index.json: download the weights");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pytorch_model.bin", "consolidated.00.pth", "model.pt"})
  void pickledWeightsAreNotRead(String file, @TempDir Path directory) {
    assertRefused(
        tied(directory).delete(WEIGHTS).write(file, "\u0080\u0002").path(),
        file + " is a pickle, which could run code when read",
        "convert it with save_pretrained(..., safe_serialization=True)");
  }

  @Test
  void noTokenizer(@TempDir Path directory) {
    assertRefused(
        tied(directory).delete("tokenizer.json").path(),
        "has no tokenizer.json: download it, or convert tokenizer.model");
  }

  @Test
  void aDamagedTokenizerConfig(@TempDir Path directory) {
    assertRefused(
        tied(directory).write("tokenizer_config.json", "{\"bos_token\": ").path(),
        "tokenizer_config.json: not valid JSON");
  }

  // ---- config.json ----

  static List<Arguments> configs() {
    return List.of(
        config(
            "architectures is [GPT2LMHeadModel] (model_type 'llama'), which is not supported (supported: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM)",
            c -> c.putArray("architectures").add("GPT2LMHeadModel")),
        config(
            "architectures is [] (model_type 'qwen3'), which is not supported (supported: LlamaForCausalLM, ",
            c -> c.put("model_type", "qwen3").remove("architectures")),
        config(
            "model_type is 'mistral', but architectures names LlamaForCausalLM: correct one",
            c -> c.put("model_type", "mistral")),
        config("architectures holds 7: it must hold texts", c -> c.put("architectures", 7)),
        config("hidden_size is missing", c -> c.remove("hidden_size")),
        config(
            "hidden_size is -32: it must be a whole number of at least 1",
            c -> c.put("hidden_size", -32)),
        config("hidden_size is 0: it must be", c -> c.put("hidden_size", 0)),
        config("hidden_size is \"32\": it must be", c -> c.put("hidden_size", "32")),
        config("hidden_size is 32.5: it must be", c -> c.put("hidden_size", 32.5)),
        config(
            "hidden_size is 9223372036854775807: it must be",
            c -> c.put("hidden_size", Long.MAX_VALUE)),
        config(
            "hidden_size is 33: num_attention_heads 4 must divide it",
            c -> c.put("hidden_size", 33).remove("head_dim")),
        config("num_hidden_layers is true: it must be", c -> c.put("num_hidden_layers", true)),
        config(
            "num_key_value_heads is 3: it must divide num_attention_heads 4",
            c -> c.put("num_key_value_heads", 3)),
        config("head_dim is 7: rotary embedding needs an even one", c -> c.put("head_dim", 7)),
        config(
            "rms_norm_eps is \"NaN\": it must be a number above 0",
            c -> c.put("rms_norm_eps", Double.NaN)),
        config("rms_norm_eps is 0: it must be a number above 0", c -> c.put("rms_norm_eps", 0)),
        config(
            "tie_word_embeddings is \"yes\": it must be true or false",
            c -> c.put("tie_word_embeddings", "yes")),
        config(
            "hidden_act 'gelu' is not supported (supported: silu)",
            c -> c.put("hidden_act", "gelu")),
        config("hidden_act is 7: it must be a text", c -> c.put("hidden_act", 7)),
        config(
            "eos_token_id holds \"</s>\": it must hold token ids",
            c -> c.put("eos_token_id", "</s>")),
        config(
            "eos_token_id holds -1: it must hold token ids",
            c -> c.putArray("eos_token_id").add(-1)),
        config(
            "quantization_config is not supported: use the checkpoint in bf16, fp16 or fp32",
            c -> c.putObject("quantization_config").put("bits", 4)),
        config(
            "partial_rotary_factor is 1.25: of head_dim 8, 10 would be turned, which must be even and from 2 to head_dim",
            c -> c.put("partial_rotary_factor", 1.25)),
        config(
            "partial_rotary_factor is 0.4: of head_dim 8, 3 would be turned",
            c -> c.put("partial_rotary_factor", 0.4)),
        config(
            "rope_parameters.full_attention is not supported: all layers must have the same positions",
            c -> c.putObject("rope_parameters").putObject("full_attention")),
        qwen2(
            "layer_types must be a list of num_hidden_layers 2 texts",
            c -> c.putArray("layer_types").add("full_attention")),
        qwen2(
            "layer_types holds 'linear_attention', which is not supported (supported: full_attention, sliding_attention)",
            c -> c.putArray("layer_types").add("full_attention").add("linear_attention")),
        qwen2(
            "layer_types has sliding_attention, but use_sliding_window is false or sliding_window null",
            c -> c.putArray("layer_types").add("full_attention").add("sliding_attention")),
        qwen2(
            "sliding_window is 0: it must be a whole number of at least 1",
            c -> c.put("use_sliding_window", true).put("sliding_window", 0)),
        rope(
            "rope_scaling.rope_type 'longrope' is not supported (supported: default, linear, dynamic, llama3, yarn)",
            r -> r.put("rope_type", "longrope")),
        rope("rope_scaling.type 'mrope' is not supported", r -> r.put("type", "mrope")),
        rope("rope_scaling.factor is missing", r -> r.put("type", "dynamic")),
        rope(
            "rope_scaling.factor is 0.5: dynamic scaling needs at least 1",
            r -> r.put("type", "dynamic").put("factor", 0.5)),
        rope(
            "rope_scaling.rope_theta is 1 or less: yarn scaling needs more",
            r -> r.put("type", "yarn").put("factor", 2).put("rope_theta", 1)),
        rope(
            "rope_scaling.beta_fast is \"32\": it must be a number above 0",
            r -> r.put("type", "yarn").put("factor", 2).put("beta_fast", "32")),
        rope("rope_scaling.factor is missing", r -> r.put("rope_type", "linear")),
        rope(
            "rope_scaling.factor is -2: it must be a number above 0",
            r -> r.put("rope_type", "linear").put("factor", -2)),
        rope(
            "rope_scaling.low_freq_factor is missing",
            r -> r.put("rope_type", "llama3").put("factor", 8)),
        rope(
            "rope_scaling.high_freq_factor must be above low_freq_factor",
            r ->
                r.put("rope_type", "llama3")
                    .put("factor", 8)
                    .put("low_freq_factor", 4)
                    .put("high_freq_factor", 4)
                    .put("original_max_position_embeddings", 64)),
        config(
            "rope_scaling is not an object",
            c -> c.put("rope_scaling", 7).remove("rope_parameters")));
  }

  private static Arguments config(String message, Consumer<ObjectNode> change) {
    return Arguments.of(message, change);
  }

  private static Arguments qwen2(String message, Consumer<ObjectNode> change) {
    return config(
        message,
        config -> {
          config.put("model_type", "qwen2").putArray("architectures").add("Qwen2ForCausalLM");
          change.accept(config);
        });
  }

  private static Arguments rope(String message, Consumer<ObjectNode> change) {
    return config(
        message,
        config -> {
          config.remove("rope_parameters");
          change.accept(config.putObject("rope_scaling"));
        });
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("configs")
  void aConfigurationThatCannotBe(
      String message, Consumer<ObjectNode> change, @TempDir Path directory) {
    assertRefused(tied(directory).config(change).path(), "config.json: " + message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "7", "null", "\u0000\u0001", "{\"a\": 1, }"})
  void aConfigurationThatIsNoJson(String content, @TempDir Path directory) {
    assertRefused(
        tied(directory).write("config.json", content).path(),
        "config.json: ",
        "download the file again");
  }

  @Test
  void aConfigurationNestedTooDeep(@TempDir Path directory) {
    assertRefused(
        tied(directory).write("config.json", "[".repeat(100_000)).path(),
        "config.json: not valid JSON");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "temperature | -1     | temperature is -1: it must be a number above 0",
        "temperature | \"hot\"  | temperature is \"hot\": it must be a number above 0",
        "top_k       | -3     | top_k is -3: it must be a whole number of at least 1",
        "top_p       | 1.5    | top_p is 1.5: it must be at most 1",
        "top_p       | 0      | top_p is 0: it must be a number above 0",
        "max_new_tokens | 0   | max_new_tokens is 0: it must be a whole number of at least 1",
        "repetition_penalty | 0 | repetition_penalty is 0: it must be a number above 0",
        "eos_token_id | [\"x\"] | eos_token_id holds \"x\": it must hold token ids",
        "do_sample   | \"yes\"  | do_sample is \"yes\": it must be true or false",
      })
  void defaultsThatCannotBe(String field, String value, String problem, @TempDir Path directory) {
    assertRefused(
        tied(directory)
            .write(
                "generation_config.json",
                "{\"do_sample\": true, \"%s\": %s}".formatted(field, value))
            .path(),
        "generation_config.json: " + problem);
  }

  /** Sizes that no memory holds do not fit the file, which is seen before anything is made. */
  @ParameterizedTest
  @CsvSource({
    "num_hidden_layers, 1000000000, model.layers.2.input_layernorm.weight is missing",
    "vocab_size, 2147483647, model.embed_tokens.weight has shape",
    "hidden_size, 2147483644, model.embed_tokens.weight has shape",
    "intermediate_size, 2147483647, model.layers.0.mlp.gate_proj.weight has shape",
    "head_dim, 536870910, model.layers.0.self_attn.k_proj.weight has shape",
    "head_dim, 2147483646, head_dim is 2147483646: too large for 4 heads",
    "num_attention_heads, 2147483646, head_dim is 8: too large for 2147483646 heads",
  })
  void sizesBeyondAllMemory(String field, int value, String problem, @TempDir Path directory) {
    assertRefused(tied(directory).config(c -> c.put(field, value)).path(), problem);
  }

  // ---- what is odd but right ----

  @Test
  void emptyFieldsAndForeignOnesAreNoHarm(@TempDir Path directory) {
    ModelDirectory model =
        tied(directory)
            .config(
                config -> {
                  config.putNull("rope_scaling").putNull("head_dim").put("something_new", 7);
                  ArrayNode architectures = config.putArray("architectures");
                  architectures.add("Other").add("LlamaForCausalLM");
                })
            .write(
                "generation_config.json",
                "{\"temperature\": 0, \"top_k\": 0, \"do_sample\": true, \"top_p\": null}");
    try (AiCoder coder = AiCoder.load(model.path())) {
      assertThat(
              coder.generate(GenerationRequest.tokens(List.of(1)).optMaxNewTokens(4).build()).ids())
          .hasSize(4);
    }
  }

  @Test
  void aRelativeDirectoryIsAsGoodAsAnAbsoluteOne() {
    Path here = Path.of("").toAbsolutePath();
    Path relative = here.relativize(ModelDirectory.NANO.toAbsolutePath());
    try (AiCoder coder = AiCoder.load(relative)) {
      assertThat(coder.name()).isEqualTo("base");
    }
  }
}
