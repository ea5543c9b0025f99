package io.aicoder.llama;

import java.util.List;
import java.util.Map;

/**
 * How the next token is chosen, every option settled. What each means, and in which order they
 * work, is in {@code sampling.py}.
 *
 * @param temperature 0: the likeliest token; else what logits are divided by
 * @param topK sample among the k likeliest; 0: all
 * @param topP sample among the likeliest whose probabilities reach p, in (0, 1]
 * @param minP sample among those with this share of the likeliest's probability; 0: all
 * @param typicalP sample among the most typical whose probabilities reach p, in (0, 1]
 * @param repetitionPenalty divides positive, multiplies negative logits of tokens seen; 1: none
 * @param presencePenalty is taken from the logits of generated tokens; 0: none
 * @param frequencyPenalty is taken from a logit for each time its token was generated; 0: none
 * @param noRepeatNgramSize no sequence of so many tokens comes twice; 0: any may
 * @param logitBias by token id, what is added to its logit
 * @param minNewTokens before so many new tokens none of {@code endIds} is chosen
 * @param endIds the tokens that end a generation
 */
public record Sampling(
    double temperature,
    int topK,
    double topP,
    double minP,
    double typicalP,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    int noRepeatNgramSize,
    Map<Integer, Double> logitBias,
    int minNewTokens,
    List<Integer> endIds) {

  /** The likeliest token, nothing else. */
  public static final Sampling GREEDY =
      new Sampling(0, 0, 1, 0, 1, 1, 0, 0, 0, Map.of(), 0, List.of());

  /** Copies the map and the list. */
  public Sampling {
    logitBias = Map.copyOf(logitBias);
    endIds = List.copyOf(endIds);
  }

  /** Whether the tokens of the prompt have an influence, beside what the model makes of them. */
  boolean looksAtPrompt() {
    return repetitionPenalty != 1 || noRepeatNgramSize > 0;
  }
}
