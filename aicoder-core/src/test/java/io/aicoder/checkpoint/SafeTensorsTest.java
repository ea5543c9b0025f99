package io.aicoder.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.Recording;
import io.aicoder.fixture.SafeTensorsFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The header reader against files of the safetensors library, and against any that could be. */
class SafeTensorsTest {

  private static final JsonNode EXPECTED = Recording.read("safetensors/expected.json");

  private Path file = Path.of("");

  @BeforeProperty
  void create() throws IOException {
    file = Files.createTempFile("property", ".safetensors");
  }

  @AfterProperty
  void delete() throws IOException {
    Files.delete(file);
  }

  // ---- files of record_safetensors.py ----

  static List<String> files() {
    return EXPECTED.properties().stream().map(Map.Entry::getKey).toList();
  }

  @ParameterizedTest
  @MethodSource("files")
  void readsWhatTheLibraryWrote(String name) throws IOException {
    Path path = Recording.path("safetensors/" + name);
    byte[] content = Files.readAllBytes(path);
    Map<String, StoredTensor> read = SafeTensors.read(path);
    JsonNode expected = EXPECTED.get(name);
    assertThat(read.keySet())
        .containsExactlyInAnyOrderElementsOf(
            expected.properties().stream().map(Map.Entry::getKey).toList());
    for (Map.Entry<String, JsonNode> entry : expected.properties()) {
      StoredTensor tensor = Objects.requireNonNull(read.get(entry.getKey()));
      JsonNode values = entry.getValue();
      assertThat(tensor.type().name()).isEqualTo(values.get("dtype").asText());
      assertThat(tensor.shape().toString().replace(" ", ""))
          .isEqualTo(values.get("shape").toString());
      byte[] bytes =
          Arrays.copyOfRange(
              content, (int) tensor.offset(), (int) (tensor.offset() + tensor.bytes()));
      assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(values.get("bytes").asText());
    }
  }

  // ---- any file ----

  /** A tensor of a file to be. */
  record Entry(String name, StoredType type, List<Long> shape) {
    long bytes() {
      return shape.stream().reduce(1L, Math::multiplyExact) * type.bytes();
    }
  }

  @Provide
  Arbitrary<List<Entry>> tensors() {
    Arbitrary<String> names = Arbitraries.strings().withChars("ab.0 _é").ofMaxLength(6);
    Arbitrary<List<Long>> shapes = Arbitraries.longs().between(0, 4).list().ofMaxSize(3);
    return Combinators.combine(names, Arbitraries.of(StoredType.class), shapes)
        .as(Entry::new)
        .list()
        .uniqueElements(Entry::name)
        .ofMaxSize(8);
  }

  /** Tensors lie in one order, and are named in the header in another. */
  @Property(tries = 300)
  void readsBackWhateverIsWritten(
      @ForAll("tensors") List<Entry> tensors,
      @ForAll @IntRange(max = 9) int blanks,
      @ForAll boolean metadata,
      @ForAll Random random)
      throws IOException {
    Map<String, Long> offsets = new LinkedHashMap<>();
    Files.write(file, write(tensors, blanks, metadata, random, offsets));
    Map<String, StoredTensor> read = SafeTensors.read(file);
    assertThat(read).hasSize(tensors.size());
    for (Entry entry : tensors) {
      assertThat(read.get(entry.name()))
          .isEqualTo(
              new StoredTensor(
                  entry.name(), file, entry.type(), entry.shape(), offset(offsets, entry)));
    }
  }

  /** Cut off anywhere, a file is refused, but for bytes that no tensor has. */
  @Property(tries = 200)
  void aFileThatIsCutOffIsRefused(@ForAll("tensors") List<Entry> tensors, @ForAll Random random)
      throws IOException {
    byte[] whole = write(tensors, 0, false, random, new LinkedHashMap<>());
    Files.write(file, Arrays.copyOf(whole, random.nextInt(whole.length)));
    try {
      SafeTensors.read(file);
      throw new AssertionError("read " + Files.size(file) + " of " + whole.length + " bytes");
    } catch (AiCoderException e) {
      assertThat(e).hasMessageStartingWith(file + ": ").hasMessageContaining("download");
    }
  }

  private static byte[] write(
      List<Entry> tensors, int blanks, boolean metadata, Random random, Map<String, Long> offsets) {
    List<Entry> order = new ArrayList<>(tensors);
    Collections.shuffle(order, random);
    long end = 0;
    for (Entry entry : order) {
      offsets.put(entry.name(), end);
      end += entry.bytes();
    }
    String header =
        Stream.concat(
                Stream.of("\"__metadata__\":{\"a\":\"\"}").filter(some -> metadata),
                tensors.stream().map(entry -> json(entry, offset(offsets, entry))))
            .collect(Collectors.joining(",", "{", "}" + " ".repeat(blanks)));
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    offsets.replaceAll((name, offset) -> 8 + json.length + offset);
    return SafeTensorsFile.bytes(json, new byte[(int) end]);
  }

  private static long offset(Map<String, Long> offsets, Entry entry) {
    return Objects.requireNonNull(offsets.get(entry.name()));
  }

  private static String json(Entry entry, long begin) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(entry.name(), entry.type(), entry.shape(), begin, begin + entry.bytes());
  }
}
