package io.aicoder.finetune.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.finetune.peft.AdapterFiles;
import io.aicoder.finetune.peft.LoraOptions;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.MemoryEstimate;
import io.aicoder.llama.Quantization;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of an 8B model's memory in docs/finetune.md is what the estimate says. */
class EightBillionTest {

  private static final int[] TOKENS = {1024, 2048, 4096, 8192};

  private final Map<String, Object> tensors = new LinkedHashMap<>();
  private long end;

  @Test
  void theTableIsTheEstimate(@TempDir Path directory) throws IOException {
    Checkpoint llama = Checkpoint.open(write(directory));
    List<String> rows = new ArrayList<>();
    addRows(rows, llama, "bf16", new Quantization.None());
    addRows(rows, llama, "int8", new Quantization.Int8());
    addRows(rows, llama, "int4, groups of 32", new Quantization.Int4(32));
    List<String> documented =
        Files.readAllLines(Path.of("../docs/finetune.md")).stream()
            .filter(line -> line.matches("\\| .*\\| (kept|again) \\|.*"))
            .toList();
    assertThat(documented).isEqualTo(rows);
  }

  private static void addRows(
      List<String> rows, Checkpoint llama, String name, Quantization quantization) {
    long trained =
        Trainables.of(new AdapterFiles(LoraOptions.defaults(), llama.config())).stream()
            .mapToLong(Trainable::size)
            .sum();
    MemoryEstimate model = MemoryEstimate.of(llama, ComputeType.BF16, quantization, true, 1, 1);
    for (boolean recompute : new boolean[] {false, true}) {
      StringBuilder row = new StringBuilder("| " + name + (recompute ? " | again |" : " | kept |"));
      for (int tokens : TOKENS) {
        TrainingMemory memory =
            TrainingMemory.of(model, llama.config(), trained, tokens, 0, recompute, false, 2);
        row.append(String.format(Locale.ROOT, " %.1f |", memory.resident() / 1e9));
      }
      rows.add(row.toString());
    }
  }

  /** Writes Llama-3-8B without numbers: a header, and a file with a hole. */
  private Path write(Path directory) throws IOException {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of("LlamaForCausalLM"));
    config.put("hidden_size", 4096);
    config.put("num_hidden_layers", 32);
    config.put("num_attention_heads", 32);
    config.put("num_key_value_heads", 8);
    config.put("intermediate_size", 14336);
    config.put("vocab_size", 128256);
    config.put("max_position_embeddings", 8192);
    config.put("rms_norm_eps", 1e-5);
    config.put("rope_theta", 500000.0);
    config.put("hidden_act", "silu");
    config.put("tie_word_embeddings", false);
    ObjectMapper mapper = new ObjectMapper();
    mapper.writeValue(directory.resolve("config.json").toFile(), config);
    add("model.embed_tokens", 128256, 4096);
    add("lm_head", 128256, 4096);
    add("model.norm", 4096);
    for (int layer = 0; layer < 32; layer++) {
      String prefix = "model.layers." + layer + ".";
      add(prefix + "input_layernorm", 4096);
      add(prefix + "post_attention_layernorm", 4096);
      add(prefix + "self_attn.q_proj", 4096, 4096);
      add(prefix + "self_attn.k_proj", 1024, 4096);
      add(prefix + "self_attn.v_proj", 1024, 4096);
      add(prefix + "self_attn.o_proj", 4096, 4096);
      add(prefix + "mlp.gate_proj", 14336, 4096);
      add(prefix + "mlp.up_proj", 14336, 4096);
      add(prefix + "mlp.down_proj", 4096, 14336);
    }
    byte[] header = mapper.writeValueAsString(tensors).getBytes(StandardCharsets.UTF_8);
    try (FileChannel file =
        FileChannel.open(
            directory.resolve("model.safetensors"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      file.write(length.putLong(header.length).flip());
      file.write(ByteBuffer.wrap(header));
      file.write(ByteBuffer.allocate(1), 8 + header.length + end - 1);
    }
    return directory;
  }

  private void add(String module, int... shape) {
    long bytes = 2;
    for (int size : shape) {
      bytes *= size;
    }
    tensors.put(
        module + ".weight",
        Map.of("dtype", "BF16", "shape", shape, "data_offsets", new long[] {end, end + bytes}));
    end += bytes;
  }
}
