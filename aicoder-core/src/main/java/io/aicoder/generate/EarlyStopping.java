package io.aicoder.generate;

/** When beam search ends: the values of {@code early_stopping} in transformers. */
public enum EarlyStopping {
  /** {@code false}: when no running beam, at its length now, is better than a finished one. */
  WHEN_UNLIKELY,
  /** {@code true}: as soon as there are as many finished beams as beams. */
  WHEN_ENOUGH,
  /** {@code "never"}: when no running beam can become better than a finished one. */
  NEVER
}
