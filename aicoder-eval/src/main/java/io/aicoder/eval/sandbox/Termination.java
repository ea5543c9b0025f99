package io.aicoder.eval.sandbox;

/** How a program ended. */
public sealed interface Termination {

  /**
   * It ended by itself.
   *
   * @param code the exit code; 0 is success, 1 an uncaught exception
   */
  record Exited(int code) implements Termination {}

  /**
   * A signal ended it.
   *
   * @param signal the number of the signal
   */
  record Signalled(int signal) implements Termination {}

  /** It ran past its wall or processor time and was killed. */
  record TimedOut() implements Termination {}

  /** It asked for more memory than it may have. */
  record OutOfMemory() implements Termination {}

  /** It wrote more than it may and was killed. */
  record OutputLimit() implements Termination {}

  /**
   * The sandbox could not run it or lost it: says nothing about the program.
   *
   * @param reason what happened
   */
  record SandboxFailure(String reason) implements Termination {}
}
