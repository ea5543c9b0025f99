package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.fixture.SafeTensorsFile;
import io.aicoder.generate.GenerationRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An adapter that is damaged, for another base, or asks for what would silently be left out. */
@TestInstance(Lifecycle.PER_CLASS)
class DamagedAdapterTest {

  private static final String CONFIG = "adapter_config.json";
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String LAYER_0 = "base_model.model.model.layers.0.";
  private static final String Q_A = LAYER_0 + "self_attn.q_proj.lora_A.weight";
  private static final String Q_B = LAYER_0 + "self_attn.q_proj.lora_B.weight";

  private AiCoder coder;

  @BeforeAll
  void load(@TempDir Path directory) {
    coder = AiCoder.load(ModelDirectory.checkpoint("tied", directory).path());
  }

  @AfterAll
  void close() {
    coder.close();
  }

  private void assertRefused(Path directory, String... parts) {
    assertThatThrownBy(() -> coder.loadAdapter("damaged", directory))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.CHECKPOINT))
        .hasMessageContaining(directory.toString())
        .hasMessageContainingAll(parts);
  }

  private static ModelDirectory adapter(Path parent) {
    return ModelDirectory.adapter("q_v", parent);
  }

  @Test
  void aMissingDirectoryOrFile(@TempDir Path directory) {
    assertRefused(directory.resolve("nowhere"), "does not exist: give the adapter's directory");
    assertRefused(directory, "has no adapter_config.json: is this a PEFT adapter directory?");
    assertRefused(adapter(directory).delete(WEIGHTS).path(), "has no adapter_model.safetensors");
  }

  @Test
  void aTruncatedFile(@TempDir Path directory) {
    assertRefused(adapter(directory).truncate(WEIGHTS, 1).path(), WEIGHTS + ": is truncated");
  }

  @Test
  void anAdapterOfAnotherBase() {
    assertRefused(
        ModelDirectory.NANO_ADAPTER,
        "adapter_model.safetensors: ",
        "the adapter is for another base model");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "peft_type            | \"LOHA\"       | '%s' is not supported",
        "peft_type            | null         | 'absent' is not supported (supported: LORA)",
        "bias                 | \"some\"       | 'some' is not supported (supported: none, all, lora_only)",
        "modules_to_save      | [\"norm\"]     | names 'norm', which is not supported (supported: embed_tokens, lm_head)",
        "trainable_token_indices | {\"wpe\":[5]} | names 'wpe', which is not supported",
        "trainable_token_indices | 5          | is %s: it must hold token ids",
        "target_modules       | \"(\"          | holds '(', which is not a regular expression",
        "exclude_modules      | \".*.*.*.*.*.*.*.*x\" | holds '.*.*.*.*.*.*.*.*x', which takes too long to match",
        "layers_pattern       | \"layers\"     | is set without layers_to_transform",
        "layers_to_transform  | [\"1\"]        | holds \"1\": it must hold layers",
        "layer_replication    | [[0,1]]      | %s is not supported",
        "alora_invocation_tokens | [1,2]     | %s is not supported",
        "target_parameters    | [\"x\"]        | %s is not supported",
        "use_qalora           | true         | %s is not supported",
        "use_bdlora           | {\"a\":1}      | %s is not supported",
        "corda_config         | {\"a\":1}      | %s is not supported",
        "a_future_option      | \"on\"         | %s is not supported",
        "init_lora_weights    | \"pissa\"      | %s changes the base weights and is not supported",
        "init_lora_weights    | \"olora\"      | %s changes the base weights and is not supported",
        "r                    | null         | is missing",
        "r                    | 0            | is 0: it must be a whole number of at least 1",
        "lora_alpha           | null         | is missing",
        "lora_alpha           | -8           | is -8: it must be a number above 0",
        "use_rslora           | \"yes\"        | is %s: it must be true or false",
        "rank_pattern         | 7            | is not an object",
        "rank_pattern         | {\"(\":4}      | holds '(', which is not a regular expression",
      })
  void anOptionThatIsNotHonoured(
      String option, String value, String problem, @TempDir Path directory) {
    String plain = value.startsWith("\"L") ? value.replace("\"", "") : value;
    assertRefused(
        adapter(directory).edit(CONFIG, config -> config.putRawValue(option, raw(value))).path(),
        CONFIG + ": " + option + " " + problem.formatted(plain));
  }

  private static com.fasterxml.jackson.databind.util.RawValue raw(String json) {
    return new com.fasterxml.jackson.databind.util.RawValue(json);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0, -1, 2.5})
  void aRankThatIsNoWholeNumber(double rank, @TempDir Path directory) {
    assertRefused(
        adapter(directory)
            .edit(CONFIG, config -> config.putObject("rank_pattern").put("q_proj", rank))
            .path(),
        "rank_pattern.q_proj is " + rank + ": it must be a whole number of at least 1");
  }

  /** What later versions of PEFT add and leave off changes nothing. */
  @Test
  void optionsThatAreOffAreNoHarm(@TempDir Path directory) {
    Path path =
        adapter(directory)
            .edit(
                CONFIG,
                config -> {
                  config.put("a_future_option", false).putNull("another");
                  config.putObject("a_map");
                  config.putArray("a_list");
                })
            .path();
    coder.loadAdapter("with options", path);
    assertThat(coder.fingerprint("with options")).isNotEqualTo(coder.fingerprint(null));
  }

  static List<Arguments> tensors() {
    return List.of(
        tensor(
            "has only one of lora_A and lora_B for model.layers.0.self_attn.q_proj",
            f -> f.header().remove(Q_B)),
        tensor(
            "has only one of lora_A and lora_B for model.layers.0.self_attn.q_proj",
            f -> f.header().remove(Q_A)),
        tensor(
            "tensor " + Q_A + " has shape [8, 16], r and the model's config.json say [4, 32]",
            f -> f.tensor(Q_A).putArray("shape").add(8).add(16)),
        tensor(
            "lacks the factors of model.layers.0.self_attn.q_proj, which adapter_config.json says is adapted",
            f -> f.header().remove(List.of(Q_A, Q_B))),
        tooMany("lm_head.weight"),
        tooMany("base_model.model.lm_head.lora_A.weight"),
        tooMany("base_model.model.lm_head.base_layer.weight"),
        tooMany(LAYER_0 + "self_attn.k_proj.lora_A.weight"),
        tooMany(LAYER_0 + "self_attn.q_proj.lora_magnitude_vector"),
        tooMany(LAYER_0 + "self_attn.q_proj.lora_B.bias"),
        tooMany(LAYER_0 + "self_attn.q_proj.base_layer.bias"),
        tooMany(LAYER_0 + "self_attn.q_proj.lora_A.default.weight"),
        tooMany("base_model.model.model.norm.weight"),
        tensor(
            "adapts self_attn.nope, which no Llama layer has",
            f -> rename(f, LAYER_0 + "self_attn.nope")),
        tensor(
            "adapts layer 2, the model has 2: the adapter is for another base model",
            f -> rename(f, "base_model.model.model.layers.2.self_attn.q_proj")),
        tensor(
            "adapts layer 99999999999, the model has 2",
            f -> rename(f, "base_model.model.model.layers.99999999999.self_attn.q_proj")),
        tensor("holds no LoRA tensors", f -> f.header().removeAll()));
  }

  /** Renames a factor to what the configuration does not ask for. */
  private static Arguments tooMany(String name) {
    return tensor(
        "has tensor " + name + ", which adapter_config.json does not ask for",
        f -> f.rename(Q_A, name));
  }

  private static Arguments tensor(String message, Consumer<SafeTensorsFile> change) {
    return Arguments.of(message, change);
  }

  private static void rename(SafeTensorsFile file, String module) {
    file.rename(Q_A, module + ".lora_A.weight");
    file.rename(Q_B, module + ".lora_B.weight");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("tensors")
  void aTensorThatCannotBe(
      String message, Consumer<SafeTensorsFile> change, @TempDir Path directory) {
    assertRefused(adapter(directory).safetensors(WEIGHTS, change).path(), WEIGHTS + ": ", message);
  }

  @Test
  void aRankThatIsNotTheTensors(@TempDir Path directory) {
    assertRefused(
        adapter(directory).edit(CONFIG, config -> config.put("r", 8)).path(),
        "has shape [4, 32], r and the model's config.json say [8, 32]");
  }

  /** A refused adapter leaves its name free, and the model as it was. */
  @Test
  void aRefusalLeavesNothingBehind(@TempDir Path directory) {
    GenerationRequest.Builder request = GenerationRequest.tokens(List.of(1)).optMaxNewTokens(6);
    List<Integer> before = coder.generate(request.build()).ids();
    Consumer<ObjectNode> qalora = config -> config.put("use_qalora", true);
    Path damaged = adapter(directory).edit(CONFIG, qalora).path();
    assertThatThrownBy(() -> coder.loadAdapter("late", damaged))
        .isInstanceOf(AiCoderException.class);
    assertThat(coder.generate(request.build()).ids()).isEqualTo(before);
    coder.loadAdapter("late", Recording.path("adapters/q_v"));
    assertThat(coder.generate(request.optAdapter("late").build()).ids()).hasSize(6);
  }

  @Test
  void weightsThatAreNoNumbersAreSeenWhenTheyAreUsed(@TempDir Path directory) {
    coder.loadAdapter(
        "nan", adapter(directory).safetensors(WEIGHTS, file -> file.fill(Q_A, 0xFF)).path());
    GenerationRequest.Builder request =
        GenerationRequest.tokens(List.of(1, 5, 9)).optMaxNewTokens(6);
    assertThatThrownBy(() -> coder.generate(request.optAdapter("nan").build()))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.EXECUTION))
        .hasMessageStartingWith("the model's logits are not finite");
    assertThat(coder.generate(request.optAdapter(AiCoder.BASE).build()).ids()).hasSize(6);
  }

  @Test
  void anAdapterThatIsRefusedWhenTheModelIsBuiltClosesIt(@TempDir Path directory) {
    Path base = ModelDirectory.checkpoint("tied", directory).path();
    assertThatThrownBy(() -> AiCoder.builder(base).optAdapter(directory.resolve("nowhere")).build())
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("nowhere: does not exist");
  }
}
