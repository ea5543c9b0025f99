package io.aicoder.generate;

import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * How a request's tokens are chosen. Whatever is {@code null} is left to the checkpoint.
 *
 * <p>The order in which they work is that of transformers: logit bias, repetition penalty, presence
 * and frequency penalty, no repeated n-gram, temperature, top-k, top-p, min-p, typical-p.
 *
 * @param temperature 0 for greedy decoding, else the softmax temperature, at most 100
 * @param topK sample among the k likeliest tokens; 0: all
 * @param topP sample among the likeliest tokens whose probabilities reach p, in (0, 1] (nucleus
 *     sampling, arXiv 1904.09751)
 * @param minP sample among the tokens that have at least this share of the likeliest token's
 *     probability, in [0, 1] (arXiv 2407.01082)
 * @param typicalP sample among the tokens whose surprise is nearest to the expected one, as many as
 *     their probabilities reach p, in (0, 1] (arXiv 2202.00666)
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens in prompt and
 *     output (CTRL, arXiv 1909.05858), above 0; 1: none
 * @param presencePenalty is taken from the logit of each token that was generated before, in [−2,
 *     2], as OpenAI defines it; 0: none
 * @param frequencyPenalty is taken from a token's logit for each time that it was generated, in
 *     [−2, 2], as OpenAI defines it; 0: none
 * @param noRepeatNgramSize no sequence of so many tokens comes twice in prompt and output; 0: any
 *     may
 * @param logitBias by token id, what is added to its logit, in [−100, 100]
 * @param seed makes sampling repeatable; {@code null}: a fresh one
 */
public record SamplingOptions(
    @Nullable Double temperature,
    @Nullable Integer topK,
    @Nullable Double topP,
    @Nullable Double minP,
    @Nullable Double typicalP,
    @Nullable Double repetitionPenalty,
    @Nullable Double presencePenalty,
    @Nullable Double frequencyPenalty,
    @Nullable Integer noRepeatNgramSize,
    Map<Integer, Double> logitBias,
    @Nullable Long seed) {

  private static final double MOST_TEMPERATURE = 100;
  private static final double MOST_PENALTY = 2;
  private static final double MOST_BIAS = 100;

  /**
   * Checks every option.
   *
   * @throws IllegalArgumentException when one is out of its range
   */
  public SamplingOptions {
    logitBias = Map.copyOf(logitBias);
    Ranges.between("temperature", temperature, 0, MOST_TEMPERATURE, "0 (greedy) and 100");
    Ranges.atLeast("top_k", topK, 0, " (all)");
    Ranges.share("top_p", topP);
    Ranges.between("min_p", minP, 0, 1, "0 and 1");
    Ranges.share("typical_p", typicalP);
    Ranges.require(
        repetitionPenalty == null || (repetitionPenalty > 0 && Double.isFinite(repetitionPenalty)),
        "repetition_penalty is " + repetitionPenalty + ": it must be above 0");
    Ranges.between("presence_penalty", presencePenalty, -MOST_PENALTY, MOST_PENALTY, "-2 and 2");
    Ranges.between("frequency_penalty", frequencyPenalty, -MOST_PENALTY, MOST_PENALTY, "-2 and 2");
    Ranges.atLeast("no_repeat_ngram_size", noRepeatNgramSize, 0, " (any may repeat)");
    logitBias.forEach(
        (id, bias) ->
            Ranges.between(
                "logit_bias of token " + id, bias, -MOST_BIAS, MOST_BIAS, "-100 and 100"));
  }

  /**
   * Returns the seed of one of several samples: the request's own for sample 0; for sample i the
   * i-th {@code nextLong()} of a {@link SplittableRandom} with the request's seed.
   *
   * @param seed the request's
   * @param sample from 0
   */
  public static long seedOf(long seed, int sample) {
    SplittableRandom random = new SplittableRandom(seed);
    long result = seed;
    for (int i = 0; i < sample; i++) {
      result = random.nextLong();
    }
    return result;
  }

  SamplingOptions withSeed(@Nullable Long value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        noRepeatNgramSize,
        logitBias,
        value);
  }
}
