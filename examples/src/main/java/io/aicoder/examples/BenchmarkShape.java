package io.aicoder.examples;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;

/** Shapes of published models, filled with random bf16 weights, for measuring speed. */
enum BenchmarkShape {
  /** SmolLM2-135M. */
  S(576, 30, 9, 3, 1536, 49152),
  /** Llama-3.2-1B. */
  M(2048, 16, 32, 8, 8192, 128256);

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** The random numbers repeat after this many: drawing a billion would take minutes. */
  private static final int BLOCK = 1 << 20;

  private static final double STANDARD_DEVIATION = 0.02;

  private final int hidden;
  private final int layers;
  private final int heads;
  private final int keyValueHeads;
  private final int intermediate;
  private final int vocabulary;

  BenchmarkShape(
      int hidden, int layers, int heads, int keyValueHeads, int intermediate, int vocabulary) {
    this.hidden = hidden;
    this.layers = layers;
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.intermediate = intermediate;
    this.vocabulary = vocabulary;
  }

  /**
   * Returns a checkpoint directory of this shape; writes it the first time.
   *
   * @param cache the folder that holds it
   * @param tokenizer a directory whose tokenizer files it gets; their vocabulary does not matter
   *     here
   */
  Path checkpoint(Path cache, Path tokenizer) {
    Path directory = cache.resolve("random-" + name());
    if (Files.exists(directory.resolve("model.safetensors"))) {
      return directory;
    }
    System.err.println("writing random weights of shape " + name() + " to " + directory);
    try {
      Files.createDirectories(directory);
      for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
        Files.copy(
            tokenizer.resolve(file), directory.resolve(file), StandardCopyOption.REPLACE_EXISTING);
      }
      Files.writeString(directory.resolve("config.json"), MAPPER.writeValueAsString(config()));
      Path unfinished = directory.resolve("model.safetensors.part");
      writeWeights(unfinished);
      Files.move(unfinished, directory.resolve("model.safetensors"));
      return directory;
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT, directory + ": cannot be written (" + e.getMessage() + ")", e);
    }
  }

  private Map<String, Object> config() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of("LlamaForCausalLM"));
    config.put("model_type", "llama");
    config.put("vocab_size", vocabulary);
    config.put("hidden_size", hidden);
    config.put("intermediate_size", intermediate);
    config.put("num_hidden_layers", layers);
    config.put("num_attention_heads", heads);
    config.put("num_key_value_heads", keyValueHeads);
    config.put("max_position_embeddings", 8192);
    config.put("rms_norm_eps", 1e-5);
    config.put("rope_theta", 100000.0);
    config.put("tie_word_embeddings", true);
    config.put("torch_dtype", "bfloat16");
    return config;
  }

  private Map<String, long[]> tensors() {
    int head = hidden / heads;
    Map<String, long[]> tensors = new LinkedHashMap<>();
    tensors.put("model.embed_tokens.weight", new long[] {vocabulary, hidden});
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "model.layers." + layer + ".";
      tensors.put(prefix + "input_layernorm.weight", new long[] {hidden});
      tensors.put(prefix + "mlp.down_proj.weight", new long[] {hidden, intermediate});
      tensors.put(prefix + "mlp.gate_proj.weight", new long[] {intermediate, hidden});
      tensors.put(prefix + "mlp.up_proj.weight", new long[] {intermediate, hidden});
      tensors.put(prefix + "post_attention_layernorm.weight", new long[] {hidden});
      tensors.put(
          prefix + "self_attn.k_proj.weight", new long[] {(long) keyValueHeads * head, hidden});
      tensors.put(prefix + "self_attn.o_proj.weight", new long[] {hidden, (long) heads * head});
      tensors.put(prefix + "self_attn.q_proj.weight", new long[] {(long) heads * head, hidden});
      tensors.put(
          prefix + "self_attn.v_proj.weight", new long[] {(long) keyValueHeads * head, hidden});
    }
    tensors.put("model.norm.weight", new long[] {hidden});
    return tensors;
  }

  private void writeWeights(Path file) throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    long end = 0;
    for (Map.Entry<String, long[]> tensor : tensors().entrySet()) {
      long begin = end;
      end += 2 * LongStream.of(tensor.getValue()).reduce(1, (a, b) -> a * b);
      header.put(
          tensor.getKey(),
          Map.of("dtype", "BF16", "shape", tensor.getValue(), "data_offsets", List.of(begin, end)));
    }
    String json = MAPPER.writeValueAsString(header);
    byte[] bytes =
        (json + " ".repeat((8 - json.length() % 8) % 8)).getBytes(StandardCharsets.UTF_8);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(bytes.length).flip());
      channel.write(ByteBuffer.wrap(bytes));
      ByteBuffer block = randomBlock();
      for (long left = end; left > 0; left -= block.limit()) {
        block.position(0).limit((int) Math.min(2L * BLOCK, left));
        while (block.hasRemaining()) {
          channel.write(block);
        }
      }
    }
  }

  private static ByteBuffer randomBlock() {
    Random random = new Random(0);
    ByteBuffer block = ByteBuffer.allocateDirect(2 * BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    while (block.hasRemaining()) {
      float value = (float) (random.nextGaussian() * STANDARD_DEVIATION);
      block.putShort((short) (Float.floatToRawIntBits(value) >> 16));
    }
    return block;
  }
}
