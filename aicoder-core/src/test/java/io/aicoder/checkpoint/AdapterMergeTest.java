package io.aicoder.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.AiCoder;
import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.llama.ComputeType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Merged checkpoints hold the numbers that PEFT merges: {@code record_merges.py}. */
class AdapterMergeTest {

  private Path directory;
  private Path target;

  @BeforeEach
  void place(@TempDir Path temporary) throws IOException {
    directory = Files.createDirectory(temporary.resolve("bases"));
    target = Files.createDirectory(temporary.resolve("results")).resolve("merged");
  }

  static List<String> merges() {
    return Recording.folders("merges");
  }

  private Checkpoint base(String name) {
    return Checkpoint.open(ModelDirectory.checkpoint(name, directory).path());
  }

  private static AdapterMerge.Builder merge(Checkpoint base, String adapter) {
    return AdapterMerge.builder(base)
        .add(LoraAdapter.open(Recording.path("adapters/" + adapter), base), 1);
  }

  private List<String> left() throws IOException {
    try (Stream<Path> files = Files.list(target.getParent())) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static Map<String, StoredTensor> byName(Checkpoint checkpoint) {
    return checkpoint.tensors().stream().collect(Collectors.toMap(StoredTensor::name, t -> t));
  }

  @ParameterizedTest
  @MethodSource("merges")
  void mergesWhatPeftMerges(String name) {
    JsonNode expected = Recording.read("merges/" + name + "/expected.json");
    Checkpoint base = base(expected.get("base").textValue());
    merge(base, expected.get("adapter").textValue()).build().write(target);

    Map<String, StoredTensor> wanted = byName(base);
    wanted.putAll(SafeTensors.read(Recording.path("merges/" + name + "/merged.safetensors")));
    Map<String, StoredTensor> merged = byName(Checkpoint.open(target));
    assertThat(merged.keySet()).isEqualTo(wanted.keySet());
    wanted.forEach(
        (tensor, stored) -> {
          StoredTensor actual = Objects.requireNonNull(merged.get(tensor));
          assertThat(actual.type()).as(tensor).isEqualTo(stored.type());
          float[] numbers = TensorValues.read(actual);
          float[] recorded = TensorValues.read(stored);
          int others = 0;
          for (int i = 0; i < numbers.length; i++) {
            others += numbers[i] == recorded[i] ? 0 : 1;
            assertThat(numbers[i]).as(tensor).isCloseTo(recorded[i], withinPercentage(0.8));
          }
          // The order in which the lengths of DoRA's rows are summed is the machine's own in torch.
          assertThat(others).as(tensor).isLessThanOrEqualTo(name.contains("dora") ? 2 : 0);
        });
    try (AiCoder coder = AiCoder.builder(target).optComputeType(ComputeType.FP32).build()) {
      for (JsonNode entry : expected.get("cases")) {
        assertThat(generate(coder, Recording.ids(entry.get("prompt_ids")), null).ids())
            .isEqualTo(Recording.ids(entry.get("output_ids")));
      }
    }
  }

  private static GenerationResult generate(
      AiCoder coder, List<Integer> prompt, @Nullable String adapter) {
    return coder.generate(
        GenerationRequest.tokens(prompt)
            .optMaxNewTokens(24)
            .optPromptLogits(true)
            .optAdapter(adapter)
            .build());
  }

  /** Also where PEFT would change embedding and head of a tied base alike. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "all_linear",
        "dora",
        "embedding",
        "embedding_tied",
        "head_of_tied",
        "saved_embedding",
        "saved_head",
        "saved_tied",
        "tokens"
      })
  void theMergedModelSaysWhatTheAdapterBesideTheBaseSays(String adapter) throws IOException {
    Checkpoint base = base("fp32");
    merge(base, adapter).build().write(target);
    boolean one =
        List.of("all_linear", "dora", "embedding_tied", "saved_tied", "tokens").contains(adapter);
    assertThat(Checkpoint.open(target).config().tiedEmbeddings()).isEqualTo(one);
    try (AiCoder beside = AiCoder.load(base.directory());
        AiCoder merged = AiCoder.load(target)) {
      beside.loadAdapter("adapter", Recording.path("adapters/" + adapter));
      for (List<Integer> prompt : List.of(List.of(1), List.of(1, 40, 7, 200), List.of(9, 8, 7))) {
        assertSame(generate(beside, prompt, "adapter"), generate(merged, prompt, null));
      }
    }
  }

  private static void assertSame(GenerationResult beside, GenerationResult merged) {
    List<Float> logits = Objects.requireNonNull(beside.promptLogits());
    List<Float> others = Objects.requireNonNull(merged.promptLogits());
    assertThat(merged.ids()).isEqualTo(beside.ids());
    for (int i = 0; i < logits.size(); i++) {
      assertThat(others.get(i)).isCloseTo(logits.get(i), within(2e-4f));
    }
  }

  @Test
  void aCombinationAndAScaleAreMerged() {
    Path model = ModelDirectory.checkpoint("fp32", directory).path();
    try (AiCoder coder = AiCoder.load(model)) {
      coder.loadAdapter("first", Recording.path("adapters/all_linear"));
      coder.loadAdapter("second", Recording.path("adapters/patterns"));
      coder.combineAdapters("sum", Map.of("first", 0.7, "second", -0.4));
      coder.combineAdapters("half of it", Map.of("sum", 0.5));
      coder.merge("sum", 0.5, target);
      try (AiCoder merged = AiCoder.load(target)) {
        List<Integer> prompt = List.of(1, 40, 7, 200);
        assertSame(generate(coder, prompt, "half of it"), generate(merged, prompt, null));
      }
    }
  }

  @Test
  void aLargeModelIsWrittenInShards() throws IOException {
    Map<Long, Long> progress = new LinkedHashMap<>();
    List<Long> written = new ArrayList<>();
    Checkpoint base = base("untied");
    merge(base, "all_linear")
        .optShardBytes(20_000)
        .optProgress(
            (bytes, total) -> {
              written.add(bytes);
              progress.put(total, bytes);
            })
        .build()
        .write(target);
    Path index = target.resolve("model.safetensors.index.json");
    JsonNode json = new ObjectMapper().readTree(index.toFile());
    long total = base.tensors().stream().mapToLong(StoredTensor::bytes).sum();
    assertThat(json.at("/metadata/total_size").longValue()).isEqualTo(total);
    assertThat(json.get("weight_map").size()).isEqualTo(base.tensors().size());
    assertThat(progress).isEqualTo(Map.of(total, total));
    assertThat(written).isSorted().hasSize(base.tensors().size());
    try (Stream<Path> files = Files.list(target)) {
      List<Path> shards = files.filter(f -> f.toString().endsWith(".safetensors")).toList();
      assertThat(shards).hasSizeGreaterThan(3);
      for (Path shard : shards) {
        assertThat(shard.getFileName().toString())
            .matches("model-0000\\d-of-0000" + shards.size() + ".safetensors");
        assertThat(Files.size(shard)).isLessThan(20_480 + 4_096); // the embedding, and a header
      }
    }
    try (AiCoder sharded = AiCoder.load(target);
        AiCoder beside = AiCoder.load(base.directory())) {
      assertThat(sharded.config()).isEqualTo(beside.config());
      assertThat(generate(sharded, List.of(1, 2), null).ids()).isNotEmpty();
    }
  }

  @Test
  void configurationAndTokenizerComeAlong() throws IOException {
    Checkpoint base = base("tied");
    Files.writeString(base.directory().resolve("pytorch_model.bin"), "old weights");
    merge(base, "q_v").build().write(target);
    try (Stream<Path> files = Files.list(target)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "config.json",
              "generation_config.json",
              "expected.json",
              "model.safetensors",
              "tokenizer.json",
              "tokenizer_config.json");
    }
    assertThat(target.resolve("config.json"))
        .hasSameBinaryContentAs(base.directory().resolve("config.json"));
    if (target.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      assertThat(Files.getPosixFilePermissions(target))
          .isEqualTo(Files.getPosixFilePermissions(base.directory())); // as of any new directory
    }
  }

  @Test
  void nothingIsOverwritten() throws IOException {
    AdapterMerge merge = merge(base("tied"), "q_v").build();
    Files.createDirectory(target);
    merge.write(target); // an empty directory may be there
    byte[] before = Files.readAllBytes(target.resolve("model.safetensors"));
    assertThatThrownBy(() -> merge.write(target))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining(target + ": exists and is not empty: nothing is overwritten");
    assertThat(target.resolve("model.safetensors")).hasBinaryContent(before);
    assertThatThrownBy(() -> merge.write(target.resolve("model.safetensors")))
        .hasMessageContaining("exists and is not empty");
    assertThatThrownBy(() -> merge.write(target.resolve("no").resolve("parent")))
        .hasMessageContaining("the directory around it does not exist");
    assertThat(left()).containsExactly("merged");
  }

  @Test
  void aFailureLeavesNothingBehind() throws IOException {
    Checkpoint base = base("tied");
    String tensor = "base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight";
    Path damaged =
        ModelDirectory.adapter("q_v", directory)
            .safetensors("adapter_model.safetensors", file -> file.fill(tensor, 0xFF))
            .path();
    AdapterMerge merge = AdapterMerge.builder(base).add(LoraAdapter.open(damaged, base), 1).build();
    assertThatThrownBy(() -> merge.write(target))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining(
            "merged tensor model.layers.1.self_attn.q_proj.weight holds NaN or infinite numbers");
    assertThat(left()).isEmpty();
  }

  @Test
  void anAdapterThatChangedSinceIsRefused() {
    Checkpoint base = base("tied");
    ModelDirectory adapter = ModelDirectory.adapter("q_v", directory);
    LoraAdapter opened = LoraAdapter.open(adapter.path(), base);
    adapter.edit("adapter_config.json", config -> config.put("lora_alpha", 9));
    AdapterMerge merge = AdapterMerge.builder(base).add(opened, 1).build();
    assertThatThrownBy(() -> merge.write(target))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("changed since it was loaded: load it again");
  }

  @Test
  void whatCannotBeMerged() {
    Checkpoint base = base("tied");
    AdapterMerge.Builder none = AdapterMerge.builder(base);
    assertThatThrownBy(none::build).hasMessageContaining("there is no adapter to merge");
    LoraAdapter dora = LoraAdapter.open(Recording.path("adapters/dora"), base);
    AdapterMerge.Builder half = AdapterMerge.builder(base).add(dora, 0.5);
    assertThatThrownBy(half::build).hasMessageContaining("has use_dora, which cannot be weighted");
    AdapterMerge.Builder two = merge(base, "q_v").add(dora, 1);
    assertThatThrownBy(two::build).hasMessageContaining("has use_dora, which cannot be weighted");
    assertThatThrownBy(() -> AdapterMerge.builder(base).add(dora, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> AdapterMerge.builder(base).optShardBytes(0))
        .isInstanceOf(IllegalArgumentException.class);
    AdapterMerge bias = merge(base, "lora_bias").build();
    assertThatThrownBy(() -> bias.write(target))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("has lora_bias for model.layers.0.mlp.down_proj, which has no bias");
  }
}
