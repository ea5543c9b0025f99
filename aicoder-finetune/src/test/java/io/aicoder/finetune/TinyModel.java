package io.aicoder.finetune;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.checkpoint.SafeTensorsWriter;
import io.aicoder.checkpoint.StoredTensor;
import io.aicoder.checkpoint.StoredType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * A model that trains in milliseconds: the embedded model's tokenizer, random weights, two layers.
 */
public final class TinyModel {

  public static final Path NANO = Path.of("../examples/nano/base");

  private static final int HIDDEN = 16;
  private static final int HEAD = 8;
  private static final int INNER = 32;
  private static final int LAYERS = 2;
  private static final int VOCABULARY = 4096;

  private final Map<String, float[]> tensors = new LinkedHashMap<>();
  private final Map<String, List<Long>> shapes = new LinkedHashMap<>();
  private final SplittableRandom random;

  private TinyModel(long seed) {
    random = new SplittableRandom(seed);
    add("model.embed_tokens.weight", 0.5, VOCABULARY, HIDDEN);
    add("model.norm.weight", 0, HIDDEN);
    for (int layer = 0; layer < LAYERS; layer++) {
      String prefix = "model.layers." + layer + ".";
      add(prefix + "input_layernorm.weight", 0, HIDDEN);
      add(prefix + "post_attention_layernorm.weight", 0, HIDDEN);
      add(prefix + "self_attn.q_proj.weight", 0.3, 2 * HEAD, HIDDEN);
      add(prefix + "self_attn.k_proj.weight", 0.3, HEAD, HIDDEN);
      add(prefix + "self_attn.v_proj.weight", 0.3, HEAD, HIDDEN);
      add(prefix + "self_attn.o_proj.weight", 0.3, HIDDEN, 2 * HEAD);
      add(prefix + "mlp.gate_proj.weight", 0.3, INNER, HIDDEN);
      add(prefix + "mlp.up_proj.weight", 0.3, INNER, HIDDEN);
      add(prefix + "mlp.down_proj.weight", 0.3, HIDDEN, INNER);
    }
  }

  /** Writes one into a folder, which is returned. */
  public static Path write(Path folder) throws IOException {
    return new TinyModel(1).writeTo(folder);
  }

  /** Writes one with other weights. */
  public static Path write(Path folder, long seed) throws IOException {
    return new TinyModel(seed).writeTo(folder);
  }

  /** Writes one whose numbers for a token are not numbers where it is read; it can be written. */
  public static Path writeDamaged(Path folder, int token) throws IOException {
    TinyModel model = new TinyModel(1);
    float[] table = Objects.requireNonNull(model.tensors.get("model.embed_tokens.weight"));
    table[token * HIDDEN] = Float.NaN;
    model.add("lm_head.weight", 0.5, VOCABULARY, HIDDEN);
    return model.writeTo(folder);
  }

  /** A norm is given without deviation: ones. */
  private void add(String name, double deviation, int... sizes) {
    int count = 1;
    List<Long> shape = new ArrayList<>();
    for (int size : sizes) {
      count *= size;
      shape.add((long) size);
    }
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = deviation == 0 ? 1 : (float) (deviation * (2 * random.nextDouble() - 1));
    }
    tensors.put(name, numbers);
    shapes.put(name, shape);
  }

  private Path writeTo(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(NANO.resolve(name), folder.resolve(name));
    }
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode config = (ObjectNode) mapper.readTree(NANO.resolve("config.json").toFile());
    config.put("hidden_size", HIDDEN).put("head_dim", HEAD).put("intermediate_size", INNER);
    config.put("num_attention_heads", 2).put("num_key_value_heads", 1);
    config.put("num_hidden_layers", LAYERS).put("max_position_embeddings", 256);
    config.put("dtype", "float32").put("torch_dtype", "float32");
    config.put("tie_word_embeddings", !tensors.containsKey("lm_head.weight"));
    mapper.writeValue(folder.resolve("config.json").toFile(), config);
    Path file = folder.resolve("model.safetensors");
    List<StoredTensor> entries = new ArrayList<>();
    shapes.forEach(
        (name, shape) -> entries.add(new StoredTensor(name, file, StoredType.F32, shape, 0)));
    try (SafeTensorsWriter writer = new SafeTensorsWriter(file, entries)) {
      for (float[] numbers : tensors.values()) {
        ByteBuffer bytes =
            ByteBuffer.allocate(numbers.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(numbers);
        writer.write(bytes);
      }
      writer.finish();
    }
    return folder;
  }

  /** Writes records of a few words each. */
  public static Path writeData(Path file, int records) throws IOException {
    SplittableRandom random = new SplittableRandom(7);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      int from = random.nextInt(100);
      lines.add(
          "{\"prompt\": \"count from %d:\", \"completion\": \" %d %d %s\"}"
              .formatted(from, from + 1, from + 2, "and on ".repeat(random.nextInt(1, 6))));
    }
    return Files.write(file, lines);
  }
}
