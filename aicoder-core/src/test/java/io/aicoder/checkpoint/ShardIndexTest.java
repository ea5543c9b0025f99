package io.aicoder.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.fixture.SafeTensorsFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** However the tensors of a checkpoint are spread over files, the same are found. */
class ShardIndexTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String WHOLE = "model.safetensors";

  @Property(tries = 40)
  void anyDistributionOverShardsGivesTheSameTensors(
      @ForAll @IntRange(min = 1, max = 7) int shards, @ForAll Random random) throws IOException {
    Path parent = Files.createTempDirectory("shards");
    try {
      Path directory =
          ModelDirectory.copy(Recording.path("checkpoints/untied"), parent.resolve("m")).path();
      Checkpoint whole = Checkpoint.open(directory);
      byte[] content = Files.readAllBytes(directory.resolve(WHOLE));
      distribute(directory, SafeTensors.read(directory.resolve(WHOLE)), content, shards, random);
      Files.delete(directory.resolve(WHOLE));
      Checkpoint sharded = Checkpoint.open(directory);
      same(whole.embedding(), sharded.embedding(), content);
      same(whole.head(), sharded.head(), content);
      same(whole.finalNorm(), sharded.finalNorm(), content);
      for (int layer = 0; layer < whole.config().layers(); layer++) {
        same(whole.attentionNorm(layer), sharded.attentionNorm(layer), content);
        same(whole.mlpNorm(layer), sharded.mlpNorm(layer), content);
        for (Projection projection : Projection.values()) {
          same(whole.weight(layer, projection), sharded.weight(layer, projection), content);
        }
      }
    } finally {
      try (Stream<Path> files = Files.walk(parent)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** Shards have names of any kind, and tensors that the index does not name. */
  private static void distribute(
      Path directory, Map<String, StoredTensor> tensors, byte[] content, int shards, Random random)
      throws IOException {
    ObjectNode index = MAPPER.createObjectNode();
    ObjectNode map = index.putObject("weight_map");
    Map<String, ObjectNode> headers = new TreeMap<>();
    Map<String, ByteArrayOutputStream> data = new TreeMap<>();
    for (StoredTensor tensor : tensors.values()) {
      String shard = "shard " + random.nextInt(shards) + ".bin.safetensors";
      map.put(tensor.name(), shard);
      ByteArrayOutputStream bytes =
          data.computeIfAbsent(shard, name -> new ByteArrayOutputStream());
      ObjectNode header = headers.computeIfAbsent(shard, name -> MAPPER.createObjectNode());
      add(header, bytes, tensor.name(), tensor, content);
      if (random.nextInt(4) == 0) {
        add(header, bytes, "unused." + tensor.name(), tensor, content);
      }
    }
    for (Map.Entry<String, ObjectNode> header : headers.entrySet()) {
      byte[] json = MAPPER.writeValueAsBytes(header.getValue());
      Files.write(
          directory.resolve(header.getKey()),
          SafeTensorsFile.bytes(
              json, Objects.requireNonNull(data.get(header.getKey())).toByteArray()));
    }
    Files.write(directory.resolve("model.safetensors.index.json"), MAPPER.writeValueAsBytes(index));
  }

  private static void add(
      ObjectNode header,
      ByteArrayOutputStream data,
      String name,
      StoredTensor tensor,
      byte[] content) {
    ObjectNode entry = header.putObject(name).put("dtype", tensor.type().name());
    entry.set("shape", MAPPER.<JsonNode>valueToTree(tensor.shape()));
    entry.putArray("data_offsets").add(data.size()).add(data.size() + tensor.bytes());
    data.writeBytes(bytes(tensor, content));
  }

  private static byte[] bytes(StoredTensor tensor, byte[] content) {
    return Arrays.copyOfRange(
        content, (int) tensor.offset(), (int) (tensor.offset() + tensor.bytes()));
  }

  private static void same(StoredTensor expected, StoredTensor actual, byte[] content)
      throws IOException {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.type()).isEqualTo(expected.type());
    assertThat(bytes(actual, Files.readAllBytes(actual.file())))
        .isEqualTo(bytes(expected, content));
  }
}
