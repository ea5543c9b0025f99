package io.aicoder.generate;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One order to a model: what to continue and how. Whatever is {@code null} is left to the
 * checkpoint's {@code generation_config.json}.
 *
 * {@snippet :
 * GenerationRequest request =
 *     GenerationRequest.chat(ChatMessage.user("Write a function that …"))
 *         .optMaxNewTokens(256)
 *         .optTemperature(0.6)
 *         .optTopP(0.9)
 *         .optSeed(42)
 *         .build();
 * }
 *
 * @param prompt what to continue
 * @param maxNewTokens the most tokens to generate, at least 1, fewer where the context ends; {@code
 *     null}: the checkpoint's, else 2048
 * @param temperature 0 for greedy decoding, else the softmax temperature, at most 100
 * @param topK sample among the k likeliest tokens; 0: all
 * @param topP sample among the likeliest tokens whose probabilities reach p, in (0, 1]
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens seen before
 *     (CTRL, arXiv 1909.05858), above 0; 1: none
 * @param seed makes sampling repeatable; {@code null}: a fresh one
 * @param stop texts that end the generation when they appear; the result ends before them
 * @param adapter the name of a loaded LoRA adapter; {@code null}: the model's default
 * @param ignoreEos whether end-of-sequence tokens are generated through, for measurements
 * @param promptLogits whether the result holds the logits at the last prompt position
 */
public record GenerationRequest(
    Prompt prompt,
    @Nullable Integer maxNewTokens,
    @Nullable Double temperature,
    @Nullable Integer topK,
    @Nullable Double topP,
    @Nullable Double repetitionPenalty,
    @Nullable Long seed,
    List<String> stop,
    @Nullable String adapter,
    boolean ignoreEos,
    boolean promptLogits) {

  /**
   * Checks every option.
   *
   * @throws IllegalArgumentException when one is out of its range
   */
  public GenerationRequest {
    stop = List.copyOf(stop);
    require(
        maxNewTokens == null || maxNewTokens > 0,
        "max_new_tokens is " + maxNewTokens + ": it must be 1 or more");
    require(
        temperature == null || (temperature >= 0 && temperature <= 100),
        "temperature is " + temperature + ": it must be between 0 (greedy) and 100");
    require(topK == null || topK >= 0, "top_k is " + topK + ": it must be 0 (all) or more");
    require(
        topP == null || (topP > 0 && topP <= 1),
        "top_p is " + topP + ": it must be above 0 and at most 1");
    require(
        repetitionPenalty == null || (repetitionPenalty > 0 && Double.isFinite(repetitionPenalty)),
        "repetition_penalty is " + repetitionPenalty + ": it must be above 0");
    require(stop.stream().noneMatch(String::isEmpty), "stop holds an empty text: remove it");
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  /** Returns a builder for a conversation. */
  public static Builder chat(ChatMessage... messages) {
    return chat(List.of(messages));
  }

  /** Returns a builder for a conversation. */
  public static Builder chat(List<ChatMessage> messages) {
    return new Builder(new Prompt.Chat(messages));
  }

  /** Returns a builder for a plain text without template. */
  public static Builder text(String text) {
    return new Builder(new Prompt.Text(text));
  }

  /** Returns a builder for raw token ids. */
  public static Builder tokens(List<Integer> ids) {
    return new Builder(new Prompt.Tokens(ids));
  }

  /** Collects the options of a request. Not thread-safe. */
  public static final class Builder {

    private final Prompt prompt;
    private @Nullable Integer maxNewTokens;
    private @Nullable Double temperature;
    private @Nullable Integer topK;
    private @Nullable Double topP;
    private @Nullable Double repetitionPenalty;
    private @Nullable Long seed;
    private List<String> stop = List.of();
    private @Nullable String adapter;
    private boolean ignoreEos;
    private boolean promptLogits;

    private Builder(Prompt prompt) {
      this.prompt = prompt;
    }

    /** Sets the most tokens to generate. */
    public Builder optMaxNewTokens(@Nullable Integer value) {
      maxNewTokens = value;
      return this;
    }

    /** Sets the softmax temperature; 0 is greedy decoding. */
    public Builder optTemperature(@Nullable Double value) {
      temperature = value;
      return this;
    }

    /** Samples among the k likeliest tokens. */
    public Builder optTopK(@Nullable Integer value) {
      topK = value;
      return this;
    }

    /** Samples among the likeliest tokens whose probabilities reach p. */
    public Builder optTopP(@Nullable Double value) {
      topP = value;
      return this;
    }

    /** Makes tokens that were seen before less likely. */
    public Builder optRepetitionPenalty(@Nullable Double value) {
      repetitionPenalty = value;
      return this;
    }

    /** Makes sampling repeatable. */
    public Builder optSeed(@Nullable Long value) {
      seed = value;
      return this;
    }

    /** Ends the generation where one of these texts appears. */
    public Builder optStop(List<String> value) {
      stop = value;
      return this;
    }

    /** Uses a loaded LoRA adapter by its name. */
    public Builder optAdapter(@Nullable String value) {
      adapter = value;
      return this;
    }

    /** Generates through end-of-sequence tokens, up to the token limit. */
    public Builder optIgnoreEos(boolean value) {
      ignoreEos = value;
      return this;
    }

    /** Keeps the logits at the last prompt position. */
    public Builder optPromptLogits(boolean value) {
      promptLogits = value;
      return this;
    }

    /**
     * Returns the request.
     *
     * @throws IllegalArgumentException when an option is out of its range
     */
    public GenerationRequest build() {
      return new GenerationRequest(
          prompt,
          maxNewTokens,
          temperature,
          topK,
          topP,
          repetitionPenalty,
          seed,
          stop,
          adapter,
          ignoreEos,
          promptLogits);
    }
  }
}
