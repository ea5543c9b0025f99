package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;

/**
 * An adapter and what its product {@code scaling · B A} is multiplied by.
 *
 * @param adapter the adapter
 * @param weight finite; 1 for the adapter as it is
 */
public record WeightedAdapter(LoraAdapter adapter, double weight) {

  /** Returns it with its weight multiplied. */
  public WeightedAdapter times(double factor) {
    return new WeightedAdapter(adapter, weight * factor);
  }

  /**
   * Checks that a weight has a meaning for the adapter: that it is nothing beyond factors.
   *
   * @throws AiCoderException when it is DoRA, or has biases, whole modules or trainable tokens
   */
  public void requireFactorsOnly() {
    String option = adapter.beyondFactors();
    if (option != null) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          adapter.directory()
              + ": has "
              + option
              + ", which cannot be weighted or combined: use the adapter alone and as it is");
    }
  }
}
