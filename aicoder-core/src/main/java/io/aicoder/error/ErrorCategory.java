package io.aicoder.error;

/** What kind of thing went wrong, so that a caller can react without reading the message. */
public enum ErrorCategory {
  /**
   * A checkpoint, adapter or tokenizer file is absent, damaged or of a kind that is not supported.
   */
  CHECKPOINT,
  /** A request asks for something that is out of range or cannot be done. */
  REQUEST,
  /** A task, results or configuration file given by the user cannot be used. */
  INPUT,
  /**
   * Something the library needs of the machine (Python, bubblewrap, natives, disk, memory) is
   * missing.
   */
  ENVIRONMENT,
  /** The model or program was closed, or broke while it ran. */
  EXECUTION
}
