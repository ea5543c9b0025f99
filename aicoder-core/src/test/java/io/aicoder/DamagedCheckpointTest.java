package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.SafeTensorsFile;
import io.aicoder.generate.GenerationRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A checkpoint that is absent, damaged or of another kind: each named, none the JVM's end. */
class DamagedCheckpointTest {

  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String K_PROJ = "model.layers.1.self_attn.k_proj.weight";

  private static void assertRefused(Path directory, String... parts) {
    assertThatThrownBy(() -> AiCoder.load(directory).close())
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.CHECKPOINT))
        .hasMessageContaining(directory.toString())
        .hasMessageContainingAll(parts);
  }

  private static ModelDirectory tied(Path parent) {
    return ModelDirectory.checkpoint("tied", parent);
  }

  // ---- the directory ----

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
            "architectures is [GPT2LMHeadModel]",
            c -> c.putArray("architectures").add("GPT2LMHeadModel")),
        config(
            "architectures is [] (model_type 'qwen2'): only LlamaForCausalLM is supported",
            c -> c.put("model_type", "qwen2").remove("architectures")),
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
            "partial_rotary_factor other than 1 is not supported",
            c -> c.put("partial_rotary_factor", 0.5)),
        rope(
            "rope_scaling.rope_type 'longrope' is not supported (supported: default, linear, llama3)",
            r -> r.put("rope_type", "longrope")),
        rope("rope_scaling.type 'yarn' is not supported", r -> r.put("type", "yarn")),
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
    "head_dim, 536870910, model.layers.0.self_attn.q_proj.weight has shape",
    "head_dim, 2147483646, head_dim is 2147483646: too large for 4 heads",
    "num_attention_heads, 2147483646, head_dim is 8: too large for 2147483646 heads",
  })
  void sizesBeyondAllMemory(String field, int value, String problem, @TempDir Path directory) {
    assertRefused(tied(directory).config(c -> c.put(field, value)).path(), problem);
  }

  // ---- safetensors ----

  static List<Arguments> tensors() {
    return List.of(
        tensor(
            "tensor " + K_PROJ + " is missing, though config.json asks for it",
            f -> f.header().remove(K_PROJ)),
        tensor(
            "tensor " + K_PROJ + " has shape [32, 16], the configuration says [16, 32]",
            f -> shape(f, 32, 16)),
        tensor(
            "tensor " + K_PROJ + ": shape [16, 31] does not fit its 1024 bytes",
            f -> shape(f, 16, 31)),
        tensor(
            "tensor " + K_PROJ + ": shape [4611686018427387904, 4] is too large",
            f -> shape(f, 1L << 62, 4)),
        tensor("tensor " + K_PROJ + ": shape [-16,-32]", f -> shape(f, -16, -32)),
        tensor(
            "has dtype I8, which is not supported (supported: BF16, F16, F32)",
            f -> f.tensor(K_PROJ).put("dtype", "I8")),
        tensor(
            "has dtype F8_E4M3, which is not supported",
            f -> f.tensor(K_PROJ).put("dtype", "F8_E4M3")),
        tensor("tensor " + K_PROJ + ": dtype is missing", f -> f.tensor(K_PROJ).remove("dtype")),
        tensor(
            "tensor " + K_PROJ + ": shape or data_offsets is missing",
            f -> f.tensor(K_PROJ).remove("data_offsets")),
        tensor(
            "tensor " + K_PROJ + ": shape or data_offsets is missing",
            f -> f.tensor(K_PROJ).remove("shape")),
        tensor(
            "is truncated: tensor " + K_PROJ + " ends at byte 1000000000000 of the data",
            f -> offsets(f, 0, 1_000_000_000_000L)),
        tensor(
            "is truncated: tensor " + K_PROJ + " ends at byte 1024", f -> offsets(f, -1024, 1024)),
        tensor("is truncated: tensor " + K_PROJ + " ends at byte 0", f -> offsets(f, 1024, 0)),
        tensor(" overlap: download the file again", f -> offsets(f, 0, 1024)),
        tensor("tensor extra: dtype is missing", f -> f.header().put("extra", 7)));
  }

  private static Arguments tensor(String message, Consumer<SafeTensorsFile> change) {
    return Arguments.of(message, change);
  }

  private static void shape(SafeTensorsFile file, long rows, long columns) {
    file.tensor(K_PROJ).putArray("shape").add(rows).add(columns);
  }

  private static void offsets(SafeTensorsFile file, long begin, long end) {
    file.tensor(K_PROJ).putArray("data_offsets").add(begin).add(end);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("tensors")
  void aTensorThatCannotBe(
      String message, Consumer<SafeTensorsFile> change, @TempDir Path directory) {
    assertRefused(tied(directory).safetensors(WEIGHTS, change).path(), message);
  }

  @Test
  void aTruncatedFile(@TempDir Path directory) {
    assertRefused(
        tied(directory).truncate(WEIGHTS, 2).path(),
        "model.safetensors: is truncated: tensor ",
        "download the file again");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, 300})
  void aFileWithNothingButABeginning(int length, @TempDir Path directory) throws IOException {
    ModelDirectory model = tied(directory);
    int all = (int) Files.size(model.path().resolve(WEIGHTS));
    assertRefused(model.truncate(WEIGHTS, all - length).path(), "model.safetensors: ");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0, 1, 100_000_001, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32})
  void aHeaderOfImpossibleLength(long length, @TempDir Path directory) throws IOException {
    ModelDirectory model = tied(directory);
    ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    Files.write(model.path().resolve(WEIGHTS), bytes.array());
    assertRefused(model.path(), "is truncated or not safetensors: its header would take " + length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage!",
        "[]",
        "7 ",
        "{\"a\": {}",
        "{\"a\":{\"dtype\":\"F32\"}}",
        "{} {\"}",
        "{}"
      })
  void aHeaderOfGarbage(String header, @TempDir Path directory) throws IOException {
    ModelDirectory model = tied(directory);
    Files.write(
        model.path().resolve(WEIGHTS),
        SafeTensorsFile.bytes(header.getBytes(StandardCharsets.UTF_8), new byte[64]));
    assertRefused(model.path(), "download");
  }

  @Test
  void aNameTwice(@TempDir Path directory) throws IOException {
    String tensor = "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";
    ModelDirectory model = tied(directory);
    Files.write(
        model.path().resolve(WEIGHTS),
        SafeTensorsFile.bytes(
            ("{" + tensor + "," + tensor + "}").getBytes(StandardCharsets.UTF_8), new byte[4]));
    assertRefused(model.path(), "Duplicate field 'a'");
  }

  /** Hundreds of headers with some bytes changed: a refusal or, where it does no harm, a model. */
  @Test
  void changedBytesInTheHeaderDoNoHarm(@TempDir Path directory) throws IOException {
    ModelDirectory model = tied(directory);
    byte[] original = Files.readAllBytes(model.path().resolve(WEIGHTS));
    int header = (int) ByteBuffer.wrap(original).order(ByteOrder.LITTLE_ENDIAN).getLong();
    Random random = new Random(11);
    for (int round = 0; round < 600; round++) {
      byte[] changed = original.clone();
      for (int i = 0; i <= round % 3; i++) {
        // Digits and signs find more than random bytes, which are mostly no JSON.
        changed[random.nextInt(8 + header)] =
            (byte) "0123456789-[]{},:\"AF".charAt(random.nextInt(20));
      }
      Files.write(model.path().resolve(WEIGHTS), changed);
      try (AiCoder coder = AiCoder.load(model.path())) {
        coder.generate(GenerationRequest.tokens(List.of(1)).optMaxNewTokens(1).build());
      } catch (AiCoderException e) {
        assertThat(e.category()).isIn(ErrorCategory.CHECKPOINT, ErrorCategory.EXECUTION);
      }
    }
  }

  // ---- shards ----

  private static ModelDirectory sharded(Path parent) {
    return ModelDirectory.checkpoint("sharded", parent);
  }

  @Test
  void aMissingShard(@TempDir Path directory) {
    String shard = "model-00002-of-00003.safetensors";
    assertRefused(
        sharded(directory).delete(shard).path(),
        shard + ": is missing, though " + INDEX + " names it: download it");
  }

  @Test
  void aTruncatedShard(@TempDir Path directory) {
    String shard = "model-00003-of-00003.safetensors";
    assertRefused(sharded(directory).truncate(shard, 1).path(), shard + ": is truncated: tensor ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../model.safetensors",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a/b.safetensors",
        "a\\b",
        "a\u0000b"
      })
  void aShardOutsideTheDirectory(String shard, @TempDir Path directory) {
    assertRefused(
        sharded(directory)
            .edit(INDEX, index -> index.withObject("/weight_map").put("model.norm.weight", shard))
            .path(),
        INDEX
            + ": weight_map.model.norm.weight names '"
            + shard
            + "', which is no file of the directory");
  }

  @Test
  void aTensorThatIsNotInItsShard(@TempDir Path directory) {
    assertRefused(
        sharded(directory)
            .edit(
                INDEX,
                index ->
                    index
                        .withObject("/weight_map")
                        .put("other", "model-00001-of-00003.safetensors"))
            .path(),
        "model-00001-of-00003.safetensors: has no tensor other, though " + INDEX + " says so");
  }

  @Test
  void anIndexWithoutAMap(@TempDir Path directory) {
    assertRefused(
        sharded(directory).edit(INDEX, index -> index.remove("weight_map")).path(),
        INDEX + ": weight_map is missing");
    assertRefused(
        sharded(directory).edit(INDEX, index -> index.put("weight_map", "x")).path(),
        INDEX + ": weight_map is not an object");
  }

  // ---- weights that are no numbers ----

  @ParameterizedTest
  @ValueSource(strings = {"model.norm.weight", K_PROJ})
  void weightsThatAreNotNumbersAreSeenWhenTheyAreUsed(String name, @TempDir Path directory) {
    Path model = tied(directory).safetensors(WEIGHTS, file -> file.fill(name, 0xFF)).path();
    try (AiCoder coder = AiCoder.load(model)) {
      GenerationRequest request = GenerationRequest.tokens(List.of(1, 5, 9)).build();
      assertThatThrownBy(() -> coder.generate(request))
          .isInstanceOfSatisfying(
              AiCoderException.class,
              e -> assertThat(e.category()).isEqualTo(ErrorCategory.EXECUTION))
          .hasMessageStartingWith("the model's logits are not finite");
      assertThatThrownBy(() -> coder.generate(request)).isInstanceOf(AiCoderException.class);
    }
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
