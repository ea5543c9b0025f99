package io.aicoder.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The configurations of published checkpoints are read as they are meant. */
class LlamaConfigTest {

  private static LlamaConfig read(String json) {
    try {
      Path file = Files.createTempFile("config", ".json");
      try {
        return LlamaConfig.read(Files.writeString(file, json));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void deepSeekCoder() {
    LlamaConfig config =
        read(
            """
            {"architectures": ["LlamaForCausalLM"], "bos_token_id": 32013, "eos_token_id": 32014,
             "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 5504,
             "max_position_embeddings": 16384, "model_type": "llama", "num_attention_heads": 16,
             "num_hidden_layers": 24, "num_key_value_heads": 16, "pretraining_tp": 1,
             "rms_norm_eps": 1e-06, "rope_scaling": {"factor": 4.0, "type": "linear"},
             "rope_theta": 100000, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
             "vocab_size": 32256}
            """);
    assertThat(config.ropeScaling()).isEqualTo(new RopeScaling.Linear(4));
    assertThat(config.ropeTheta()).isEqualTo(100000);
    assertThat(config.contextLength()).isEqualTo(16384);
    assertThat(config.parameters()).isEqualTo(1_346_471_936L);
  }

  @Test
  void qwen2() {
    LlamaConfig config =
        read(
            """
            {"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0,
             "eos_token_id": 151643, "hidden_act": "silu", "hidden_size": 3584,
             "intermediate_size": 18944, "max_position_embeddings": 32768,
             "max_window_layers": 28, "model_type": "qwen2", "num_attention_heads": 28,
             "num_hidden_layers": 28, "num_key_value_heads": 4, "rms_norm_eps": 1e-06,
             "rope_theta": 1000000.0, "sliding_window": 131072, "tie_word_embeddings": false,
             "torch_dtype": "bfloat16", "use_sliding_window": false, "vocab_size": 152064}
            """);
    assertThat(config.slidingWindow()).isNull();
    assertThat(config.window(27)).isEqualTo(Integer.MAX_VALUE);
    assertThat(Projection.V.biased(config)).isTrue();
    assertThat(Projection.O.biased(config)).isFalse();
    assertThat(config.parameters()).isEqualTo(7_615_616_512L);
  }

  @Test
  void mistralWithAWindow() {
    LlamaConfig config =
        read(
            """
            {"architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2,
             "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 14336,
             "max_position_embeddings": 32768, "model_type": "mistral", "num_attention_heads": 32,
             "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05,
             "rope_theta": 10000.0, "sliding_window": 4096, "tie_word_embeddings": false,
             "vocab_size": 32000}
            """);
    assertThat(config.slidingWindow()).isEqualTo(new SlidingWindow(4096, 0, Set.of()));
    assertThat(config.window(31)).isEqualTo(4096);
    assertThat(config.parameters()).isEqualTo(7_241_732_096L);
  }

  @Test
  void mistralWithHeadsOfTheirOwnSize() {
    LlamaConfig config =
        read(
            """
            {"architectures": ["MistralForCausalLM"], "head_dim": 128, "hidden_act": "silu",
             "hidden_size": 5120, "intermediate_size": 14336, "max_position_embeddings": 131072,
             "model_type": "mistral", "num_attention_heads": 32, "num_hidden_layers": 40,
             "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 1000000.0,
             "sliding_window": null, "tie_word_embeddings": false, "vocab_size": 131072}
            """);
    assertThat(config.slidingWindow()).isNull();
    assertThat(config.parameters()).isEqualTo(12_247_782_400L);
  }

  private static final String SHAPE =
      """
      {"hidden_size": 64, "intermediate_size": 8, "num_attention_heads": 4,
       "num_key_value_heads": 2, "num_hidden_layers": 3, "vocab_size": 10, %s}
      """;

  @Test
  void whatIsAbsentIsWhatTransformersSays() {
    LlamaConfig llama = read(SHAPE.formatted("\"model_type\": \"llama\""));
    assertThat(llama.maxPositions()).isEqualTo(2048);
    assertThat(llama.eosTokenIds()).containsExactly(2);
    LlamaConfig mistral = read(SHAPE.formatted("\"model_type\": \"mistral\""));
    assertThat(mistral.window(0)).isEqualTo(4096);
    assertThat(mistral.maxPositions()).isEqualTo(131072);
    LlamaConfig qwen2 =
        read(
            SHAPE.formatted(
                "\"model_type\": \"qwen2\", \"use_sliding_window\": true, \"max_window_layers\": 2"));
    assertThat(qwen2.window(1)).isEqualTo(Integer.MAX_VALUE);
    assertThat(qwen2.window(2)).isEqualTo(4096);
    assertThat(qwen2.maxPositions()).isEqualTo(32768);
    assertThat(qwen2.eosTokenIds()).isEmpty();
  }

  /** As transformers: what is in rope_scaling counts, unless it is empty. */
  @Test
  void theOldFieldComesBeforeTheNewOne() {
    String newer = "\"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 2.0}";
    String type = "\"model_type\": \"llama\", ";
    LlamaConfig both =
        read(
            SHAPE.formatted(
                type + newer + ", \"rope_scaling\": {\"rope_type\": \"dynamic\", \"factor\": 3}"));
    assertThat(both.ropeScaling()).isEqualTo(new RopeScaling.Dynamic(3));
    assertThat(both.contextLength()).isEqualTo(3 * 2048);
    LlamaConfig empty = read(SHAPE.formatted(type + newer + ", \"rope_scaling\": {}"));
    assertThat(empty.ropeScaling()).isEqualTo(new RopeScaling.Linear(2));
  }

  @Test
  void yarnFollowsFromItsFactor() {
    LlamaConfig config =
        read(
            SHAPE.formatted(
                "\"model_type\": \"qwen2\", \"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4.0,"
                    + " \"original_max_position_embeddings\": 32768}"));
    assertThat(config.ropeScaling())
        .isInstanceOfSatisfying(
            RopeScaling.Yarn.class,
            yarn -> {
              assertThat(yarn.attentionFactor()).isCloseTo(1.1386294, within(1e-6));
              assertThat(yarn.betaFast()).isEqualTo(32);
              assertThat(yarn.betaSlow()).isEqualTo(1);
              assertThat(yarn.truncate()).isTrue();
            });
    assertThat(config.contextLength()).isEqualTo(131072);
  }
}
