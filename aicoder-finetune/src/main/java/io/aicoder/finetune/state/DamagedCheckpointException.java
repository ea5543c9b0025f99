package io.aicoder.finetune.state;

/** Says how a checkpoint's directory is other than it was written. */
final class DamagedCheckpointException extends Exception {

  private static final long serialVersionUID = 1L;

  DamagedCheckpointException(String problem) {
    super(problem);
  }
}
