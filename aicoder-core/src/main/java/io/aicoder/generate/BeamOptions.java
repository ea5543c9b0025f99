package io.aicoder.generate;

import org.jspecify.annotations.Nullable;

/**
 * Beam search, as transformers' {@code generate(num_beams=…)} does it. Whatever is {@code null} is
 * left to the checkpoint.
 *
 * @param beams the number of beams, at least 1; 1: no beam search
 * @param lengthPenalty a finished beam's score is the sum of its log probabilities, divided by its
 *     length to this power: above 0 favours long texts, below 0 short ones; 1 in transformers
 * @param earlyStopping when the search ends; {@link EarlyStopping#WHEN_UNLIKELY} in transformers
 */
public record BeamOptions(
    @Nullable Integer beams,
    @Nullable Double lengthPenalty,
    @Nullable EarlyStopping earlyStopping) {

  /**
   * Checks every option.
   *
   * @throws IllegalArgumentException when one is out of its range
   */
  public BeamOptions {
    Ranges.atLeast("num_beams", beams, 1, "");
    Ranges.require(
        lengthPenalty == null || Double.isFinite(lengthPenalty),
        "length_penalty is " + lengthPenalty + ": it must be a finite number");
  }
}
