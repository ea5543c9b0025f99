package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The architecture of a Llama checkpoint: its {@code config.json}, in the form of transformers 4
 * ({@code rope_theta}, {@code rope_scaling}, {@code torch_dtype}) or 5 ({@code rope_parameters},
 * {@code dtype}).
 *
 * @param vocabularySize {@code vocab_size}
 * @param hiddenSize {@code hidden_size}
 * @param intermediateSize {@code intermediate_size}
 * @param layers {@code num_hidden_layers}
 * @param heads {@code num_attention_heads}
 * @param keyValueHeads {@code num_key_value_heads}, a divisor of {@code heads}
 * @param headSize {@code head_dim}, even
 * @param maxPositions {@code max_position_embeddings}: the context length in tokens
 * @param rmsNormEpsilon {@code rms_norm_eps}
 * @param ropeTheta {@code rope_theta}
 * @param ropeScaling the scaling of rotary frequencies
 * @param tiedEmbeddings {@code tie_word_embeddings}
 * @param attentionBias {@code attention_bias}
 * @param mlpBias {@code mlp_bias}
 * @param eosTokenIds {@code eos_token_id}, one or several
 */
public record LlamaConfig(
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int keyValueHeads,
    int headSize,
    int maxPositions,
    double rmsNormEpsilon,
    double ropeTheta,
    RopeScaling ropeScaling,
    boolean tiedEmbeddings,
    boolean attentionBias,
    boolean mlpBias,
    List<Integer> eosTokenIds) {

  /**
   * Reads a {@code config.json}.
   *
   * @throws AiCoderException when it is not a Llama's, or asks for what is not supported
   */
  static LlamaConfig read(Path file) {
    JsonObject json = JsonObject.read(file);
    checkArchitecture(json);
    int hidden = json.positive("hidden_size");
    int heads = json.positive("num_attention_heads");
    int keyValueHeads = json.positive("num_key_value_heads", heads);
    if (heads % keyValueHeads != 0) {
      throw json.problem(
          "num_key_value_heads",
          "is " + keyValueHeads + ": it must divide num_attention_heads " + heads);
    }
    if (!json.has("head_dim") && hidden % heads != 0) {
      throw json.problem(
          "hidden_size", "is " + hidden + ": num_attention_heads " + heads + " must divide it");
    }
    int headSize = json.positive("head_dim", Math.max(1, hidden / heads));
    if (headSize % 2 != 0) {
      throw json.problem("head_dim", "is " + headSize + ": rotary embedding needs an even one");
    }
    if ((long) heads * headSize > Integer.MAX_VALUE) {
      throw json.problem("head_dim", "is " + headSize + ": too large for " + heads + " heads");
    }
    return new LlamaConfig(
        json.positive("vocab_size"),
        hidden,
        json.positive("intermediate_size"),
        json.positive("num_hidden_layers"),
        heads,
        keyValueHeads,
        headSize,
        json.positive("max_position_embeddings", 2048),
        json.positiveNumber("rms_norm_eps", 1e-6),
        theta(json),
        scaling(json),
        json.flag("tie_word_embeddings", false),
        json.flag("attention_bias", false),
        json.flag("mlp_bias", false),
        // As transformers: absent is 2, null is none.
        json.node().has("eos_token_id") ? json.tokenIds("eos_token_id") : List.of(2));
  }

  private static void checkArchitecture(JsonObject json) {
    List<String> architectures = json.texts("architectures");
    String type = json.text("model_type", "");
    boolean llama =
        architectures.isEmpty() ? type.equals("llama") : architectures.contains("LlamaForCausalLM");
    if (!llama) {
      throw json.problem(
          "architectures",
          "is "
              + architectures
              + " (model_type '"
              + type
              + "'): only LlamaForCausalLM is supported");
    }
    String activation = json.text("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw json.problem("hidden_act", "'" + activation + "' is not supported (supported: silu)");
    }
    if (json.has("partial_rotary_factor")
        && json.positiveNumber("partial_rotary_factor", 1.0) != 1.0) {
      throw json.problem("partial_rotary_factor", "other than 1 is not supported");
    }
    if (json.has("quantization_config")) {
      throw json.problem(
          "quantization_config", "is not supported: use the checkpoint in bf16, fp16 or fp32");
    }
  }

  private static double theta(JsonObject json) {
    JsonObject parameters = json.optObject("rope_parameters");
    if (parameters != null && parameters.has("rope_theta")) {
      return parameters.positiveNumber("rope_theta", null);
    }
    return json.positiveNumber("rope_theta", 10000.0);
  }

  private static RopeScaling scaling(JsonObject json) {
    JsonObject rope = json.optObject("rope_parameters");
    if (rope == null) {
      rope = json.optObject("rope_scaling");
    }
    if (rope == null) {
      return new RopeScaling.Default();
    }
    // Early checkpoints say "type" where later ones say "rope_type".
    String field = rope.has("rope_type") || !rope.has("type") ? "rope_type" : "type";
    String type = rope.text(field, "default");
    return switch (type) {
      case "default" -> new RopeScaling.Default();
      case "linear" -> new RopeScaling.Linear(rope.positiveNumber("factor", null));
      case "llama3" -> llama3(rope);
      default -> throw unsupported(rope, field, type);
    };
  }

  private static RopeScaling llama3(JsonObject rope) {
    RopeScaling.Llama3 scaling =
        new RopeScaling.Llama3(
            rope.positiveNumber("factor", null),
            rope.positiveNumber("low_freq_factor", null),
            rope.positiveNumber("high_freq_factor", null),
            rope.positiveNumber("original_max_position_embeddings", null));
    if (scaling.highFrequencyFactor() <= scaling.lowFrequencyFactor()) {
      throw rope.problem("high_freq_factor", "must be above low_freq_factor");
    }
    return scaling;
  }

  private static AiCoderException unsupported(
      JsonObject rope, String field, @Nullable String type) {
    return rope.problem(
        field, "'" + type + "' is not supported (supported: default, linear, llama3)");
  }

  /** Returns the number of weights in the model. */
  public long parameters() {
    long attention = (long) hiddenSize * headSize * (2L * heads + 2L * keyValueHeads);
    long mlp = 3L * hiddenSize * intermediateSize;
    long embeddings = (tiedEmbeddings ? 1L : 2L) * vocabularySize * hiddenSize;
    return layers * (attention + mlp + 2L * hiddenSize) + embeddings + hiddenSize;
  }
}
