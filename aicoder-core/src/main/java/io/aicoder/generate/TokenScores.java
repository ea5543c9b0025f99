package io.aicoder.generate;

import java.util.List;

/**
 * How likely a model finds a given text.
 *
 * @param ids the tokens that were scored
 * @param logProbabilities for each the natural logarithm of its probability behind all before it
 */
public record TokenScores(List<Integer> ids, List<Float> logProbabilities) {

  /** Copies the lists. */
  public TokenScores {
    ids = List.copyOf(ids);
    logProbabilities = List.copyOf(logProbabilities);
  }

  /** Returns the logarithm of the whole text's probability. */
  public double sum() {
    return logProbabilities.stream().mapToDouble(Float::doubleValue).sum();
  }

  /** Returns the perplexity: e to the negative mean of the log probabilities. */
  public double perplexity() {
    return Math.exp(-sum() / logProbabilities.size());
  }
}
