package io.aicoder.finetune.data;

/** What becomes of a record with more tokens than the sequence length. */
public enum TooLong {
  /** Its beginning is kept; a record of which no loss token is left is dropped. */
  TRUNCATE,
  /** It is left out. */
  DROP
}
