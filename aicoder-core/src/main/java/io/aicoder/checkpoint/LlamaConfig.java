package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The architecture of a checkpoint: its {@code config.json}, in the form of transformers 4 ({@code
 * rope_theta}, {@code rope_scaling}, {@code torch_dtype}) or 5 ({@code rope_parameters}, {@code
 * dtype}). It covers Llama and those that differ from it in little: see {@link Architecture}.
 *
 * @param architecture which of them it is
 * @param vocabularySize {@code vocab_size}
 * @param hiddenSize {@code hidden_size}
 * @param intermediateSize {@code intermediate_size}
 * @param layers {@code num_hidden_layers}
 * @param heads {@code num_attention_heads}
 * @param keyValueHeads {@code num_key_value_heads}, a divisor of {@code heads}
 * @param headSize {@code head_dim}, even
 * @param rotarySize how many of a head's numbers are turned by their position: the first {@code
 *     partial_rotary_factor}, an even number
 * @param maxPositions {@code max_position_embeddings}
 * @param rmsNormEpsilon {@code rms_norm_eps}
 * @param ropeTheta {@code rope_theta}
 * @param ropeScaling the scaling of rotary frequencies
 * @param slidingWindow the layers in which a token sees only the newest ones, or {@code null}
 * @param tiedEmbeddings {@code tie_word_embeddings}
 * @param attentionBias whether queries, keys and values have biases, and in a Llama the output of
 *     attention: {@code attention_bias}, true for Qwen 2
 * @param mlpBias {@code mlp_bias}
 * @param eosTokenIds {@code eos_token_id}, one or several
 */
public record LlamaConfig(
    Architecture architecture,
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int keyValueHeads,
    int headSize,
    int rotarySize,
    int maxPositions,
    double rmsNormEpsilon,
    double ropeTheta,
    RopeScaling ropeScaling,
    @Nullable SlidingWindow slidingWindow,
    boolean tiedEmbeddings,
    boolean attentionBias,
    boolean mlpBias,
    List<Integer> eosTokenIds) {

  /**
   * Reads a {@code config.json}.
   *
   * @throws AiCoderException when it is of another architecture, or asks for what is not supported
   */
  static LlamaConfig read(Path file) {
    JsonObject json = JsonObject.read(file);
    Architecture architecture = Architecture.read(json);
    checkSupported(json);
    int hidden = json.positive("hidden_size");
    int layers = json.positive("num_hidden_layers");
    int heads = json.positive("num_attention_heads");
    int headSize = headSize(json, hidden, heads);
    int maxPositions = json.positive("max_position_embeddings", defaultMaxPositions(architecture));
    RopeConfig rope = new RopeConfig(json, maxPositions);
    int rotarySize = rope.rotarySize(headSize);
    return new LlamaConfig(
        architecture,
        json.positive("vocab_size"),
        hidden,
        json.positive("intermediate_size"),
        layers,
        heads,
        keyValueHeads(json, architecture, heads),
        headSize,
        rotarySize,
        maxPositions,
        json.positiveNumber("rms_norm_eps", 1e-6),
        rope.theta(),
        rope.scaling(rotarySize),
        SlidingWindow.read(json, architecture, layers),
        json.flag("tie_word_embeddings", false),
        attentionBias(json, architecture),
        architecture == Architecture.LLAMA && json.flag("mlp_bias", false),
        eosTokenIds(json, architecture));
  }

  private static int headSize(JsonObject json, int hidden, int heads) {
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
    return headSize;
  }

  // What is absent is what transformers' configuration classes say.

  private static int keyValueHeads(JsonObject json, Architecture architecture, int heads) {
    int absent =
        switch (architecture) {
          case LLAMA -> heads;
          case MISTRAL -> 8;
          case QWEN2 -> 32;
        };
    boolean given = json.node().has("num_key_value_heads");
    int keyValueHeads = json.positive("num_key_value_heads", given ? heads : absent);
    if (heads % keyValueHeads != 0) {
      throw json.problem(
          "num_key_value_heads",
          "is " + keyValueHeads + ": it must divide num_attention_heads " + heads);
    }
    return keyValueHeads;
  }

  private static int defaultMaxPositions(Architecture architecture) {
    return switch (architecture) {
      case LLAMA -> 2048;
      case MISTRAL -> 131072;
      case QWEN2 -> 32768;
    };
  }

  private static boolean attentionBias(JsonObject json, Architecture architecture) {
    return switch (architecture) {
      case LLAMA -> json.flag("attention_bias", false);
      case MISTRAL -> false;
      case QWEN2 -> true;
    };
  }

  private static List<Integer> eosTokenIds(JsonObject json, Architecture architecture) {
    if (json.node().has("eos_token_id")) {
      return json.tokenIds("eos_token_id"); // null is none
    }
    return architecture == Architecture.QWEN2 ? List.of() : List.of(2);
  }

  private static void checkSupported(JsonObject json) {
    String activation = json.text("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw json.problem("hidden_act", "'" + activation + "' is not supported (supported: silu)");
    }
    if (json.has("quantization_config")) {
      throw json.problem(
          "quantization_config", "is not supported: use the checkpoint in bf16, fp16 or fp32");
    }
  }

  /** Returns how many tokens a prompt and its answer may have together. */
  public int contextLength() {
    return ropeScaling.contextLength(maxPositions);
  }

  /** Returns how many tokens a token sees in a layer, itself included. */
  public int window(int layer) {
    return slidingWindow != null && slidingWindow.covers(layer)
        ? slidingWindow.size()
        : Integer.MAX_VALUE;
  }

  /** Returns the number of weights in the model. */
  public long parameters() {
    long layer = 2L * hiddenSize;
    for (Projection projection : Projection.values()) {
      long out = projection.out(this);
      layer += out * projection.in(this) + (projection.biased(this) ? out : 0);
    }
    long embeddings = (tiedEmbeddings ? 1L : 2L) * vocabularySize * hiddenSize;
    return layers * layer + embeddings + hiddenSize;
  }
}
