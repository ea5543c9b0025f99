package io.aicoder.generate;

/** How the hidden states of a text's tokens become one embedding. */
public enum Pooling {
  /** The mean of all tokens' states. */
  MEAN,
  /** The state of the last token, which has seen all others. */
  LAST_TOKEN
}
