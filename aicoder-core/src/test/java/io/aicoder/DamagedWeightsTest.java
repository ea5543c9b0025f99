package io.aicoder;

import static io.aicoder.fixture.Refusal.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights that are damaged, missing or not numbers: each named, none the JVM's end. */
class DamagedWeightsTest {

  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String K_PROJ = "model.layers.1.self_attn.k_proj.weight";

  private static ModelDirectory tied(Path parent) {
    return ModelDirectory.checkpoint("tied", parent);
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
}
