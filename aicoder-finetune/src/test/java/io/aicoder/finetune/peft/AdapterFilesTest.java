package io.aicoder.finetune.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters written here are those that PEFT writes: {@code record_adapter_config.py}. */
class AdapterFilesTest {

  private static final Path RECORDED = Path.of("src/test/resources/peft");
  private static final Path NANO = Path.of("../examples/nano");
  private static final ModelCard CARD = ModelCard.of("Tiny");

  private Path temporary;

  @BeforeEach
  void place(@TempDir Path folder) {
    temporary = folder;
  }

  /** The options of the script's variants. */
  static Map<String, LoraOptions> variants() {
    LoraOptions.Builder small = LoraOptions.builder().optRank(4).optAlpha(8).optBaseModel("base");
    LoraOptions four = small.build();
    return Map.of(
        "plain",
        LoraOptions.builder().optBaseModel("base").build(),
        "dropout",
        four.toBuilder()
            .optRank(2)
            .optAlpha(7.5)
            .optDropout(0.05)
            .optTargetModules(List.of("v_proj", "q_proj"))
            .build(),
        "rslora",
        four.toBuilder().optUseRslora(true).build(),
        "dora",
        four.toBuilder().optUseDora(true).build(),
        "patterns",
        four.toBuilder()
            .optRankPattern(Map.of("q_proj", 2, "1.mlp.up_proj", 6))
            .optAlphaPattern(Map.of("q_proj", 3.0, "down_proj", 0.5))
            .build(),
        "saved",
        four.toBuilder()
            .optTargetModules(List.of("q_proj"))
            .optModulesToSave(List.of("lm_head", "embed_tokens"))
            .build(),
        "lora_bias",
        four.toBuilder().optTargetModules(List.of("k_proj", "down_proj")).optLoraBias(true).build(),
        "bias_all",
        four.toBuilder().optTargetModules(List.of("q_proj")).optBias(LoraOptions.Bias.ALL).build(),
        "bias_lora_only",
        four.toBuilder()
            .optTargetModules(List.of("q_proj", "up_proj"))
            .optBias(LoraOptions.Bias.LORA_ONLY)
            .build(),
        "layers",
        four.toBuilder().optLayersToTransform(List.of(1)).build());
  }

  static Stream<String> names() {
    return variants().keySet().stream().sorted();
  }

  private static LoraOptions options(String variant) {
    return variants().getOrDefault(variant, LoraOptions.defaults());
  }

  private static Checkpoint base() {
    return Checkpoint.open(RECORDED.resolve("base"));
  }

  @Test
  void eachRecordingIsTested() throws IOException {
    try (Stream<Path> folders = Files.list(RECORDED)) {
      assertThat(folders.map(folder -> folder.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(Stream.concat(names(), Stream.of("base")).toList());
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void writesWhatPeftWrites(String variant) throws IOException {
    Path recorded = RECORDED.resolve(variant);
    List<NamedTensor> tensors = SavedAdapter.open(recorded, base()).tensors();

    Path target = temporary.resolve("out/adapter");
    new AdapterFiles(options(variant), base().config()).write(target, tensors, CARD);

    assertThat(target.resolve("adapter_config.json"))
        .hasSameTextualContentAs(recorded.resolve("adapter_config.json"));
    assertThat(target.resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(recorded.resolve("adapter_model.safetensors"));
    assertThat(Files.readString(target.resolve("README.md")))
        .startsWith(Files.readString(recorded.resolve("README.md")) + "\n# Tiny\n");
    assertThat(LoraAdapter.open(target, base()).numbers())
        .isEqualTo(LoraAdapter.open(recorded, base()).numbers());
  }

  @ParameterizedTest
  @MethodSource("names")
  void readsTheOptionsThatPeftWrote(String variant) {
    assertThat(SavedAdapter.open(RECORDED.resolve(variant), base()).options())
        .isEqualTo(options(variant));
  }

  @Test
  void writesTheEmbeddedAdapterAgainByteForByte() throws IOException {
    Checkpoint base = Checkpoint.open(NANO.resolve("base"));
    SavedAdapter saved = SavedAdapter.open(NANO.resolve("adapter"), base);
    assertThat(saved.options()).isEqualTo(LoraOptions.builder().optBaseModel("nano-base").build());

    Path target = temporary.resolve("again");
    new AdapterFiles(saved.options(), base.config()).write(target, saved.tensors(), CARD);

    for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
      assertThat(target.resolve(file))
          .hasSameBinaryContentAs(NANO.resolve("adapter").resolve(file));
    }
    // Kept after the test, for real PEFT: check_adapter.py.
    Path kept = Files.createDirectories(Path.of("target/nano-adapter"));
    for (String file : List.of("adapter_config.json", "adapter_model.safetensors", "README.md")) {
      Files.copy(target.resolve(file), kept.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  @Test
  void refusesTensorsThatTheOptionsDoNotAskFor() {
    List<NamedTensor> tensors = SavedAdapter.open(RECORDED.resolve("dora"), base()).tensors();
    assertRefused("rslora", tensors, "lora_magnitude_vector that its options do not ask for");
    assertRefused("plain", tensors, "has shape [4, 24], its options ask for [8, 24]");
    assertRefused("dora", tensors.subList(2, tensors.size()), "lacks 2 tensors");
    List<NamedTensor> twice = new ArrayList<>(tensors);
    twice.add(tensors.get(0));
    assertRefused("dora", twice, "down_proj.lora_A.weight twice");
    NamedTensor first = tensors.get(0);
    float[] numbers = first.numbers();
    numbers[3] = Float.NaN;
    List<NamedTensor> broken = new ArrayList<>(tensors);
    broken.set(0, NamedTensor.of(first.name(), first.shape(), numbers));
    assertRefused("dora", broken, "holds NaN at 3");
  }

  private void assertRefused(String variant, List<NamedTensor> tensors, String message) {
    Path target = temporary.resolve("refused");
    AdapterFiles files = new AdapterFiles(options(variant), base().config());
    assertThatThrownBy(() -> files.write(target, tensors, CARD))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining(message);
    assertThat(target).doesNotExist();
  }

  @Test
  void refusesModulesThatTheBaseHasNot() {
    for (Map.Entry<LoraOptions, String> entry :
        Map.of(
                LoraOptions.builder().optTargetModules(List.of("q_proj", "query")).build(),
                "names query, which fits no module",
                LoraOptions.builder().optLayersToTransform(List.of(0, 2)).build(),
                "names layer 2, the base has 2")
            .entrySet()) {
      assertThatThrownBy(() -> new AdapterFiles(entry.getKey(), base().config()))
          .isInstanceOf(AiCoderException.class)
          .hasMessageContaining(entry.getValue());
    }
  }

  @Test
  void overwritesNothing() throws IOException {
    Path target = Files.createDirectories(temporary.resolve("full"));
    Files.writeString(target.resolve("mine.txt"), "mine");
    AdapterFiles files = new AdapterFiles(options("plain"), base().config());
    List<NamedTensor> tensors = SavedAdapter.open(RECORDED.resolve("plain"), base()).tensors();

    assertThatThrownBy(() -> files.write(target, tensors, CARD))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT))
        .hasMessageContaining("not empty");
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left).containsExactly(target);
    }
  }

  @Test
  void namesWhatDoesNotFitTheBase() {
    Checkpoint nano = Checkpoint.open(NANO.resolve("base"));
    assertThatThrownBy(() -> SavedAdapter.open(RECORDED.resolve("plain"), nano))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("the adapter is for another base model")
        .hasMessageContaining("lora_");
  }

  @Test
  void namesTheModulesOfAnExpression() throws IOException {
    Path copy = Files.createDirectory(temporary.resolve("expression"));
    Path recorded = RECORDED.resolve("layers");
    Files.copy(
        recorded.resolve("adapter_model.safetensors"), copy.resolve("adapter_model.safetensors"));
    Files.writeString(
        copy.resolve("adapter_config.json"),
        Files.readString(recorded.resolve("adapter_config.json"))
            .replaceAll("(?s)\"layers_to_transform\": \\[.*?\\]", "\"layers_to_transform\": null")
            .replaceAll(
                "(?s)\"target_modules\": \\[.*?\\]",
                "\"target_modules\": \".*\\\\\\\\.1\\\\\\\\..*_proj\""));

    SavedAdapter adapter = SavedAdapter.open(copy, base());

    assertThat(adapter.options().targetModules())
        .hasSize(7)
        .contains("model.layers.1.mlp.down_proj");
    assertThat(adapter.tensors()).isEqualTo(SavedAdapter.open(recorded, base()).tensors());
  }
}
