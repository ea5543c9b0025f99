package io.aicoder.eval.sandbox;

/**
 * Runs Python programs that nobody trusts.
 *
 * <p>Implementations are safe for use by several threads: {@link #run} waits for a free worker.
 */
public interface Sandbox extends AutoCloseable {

  /**
   * Runs one program as {@code __main__} in an empty folder of its own and waits for its end.
   *
   * @param program the whole source text
   * @param limits what it may use
   * @return what it wrote and how it ended; a program's own failure, whatever it is, is never an
   *     exception here
   * @throws io.aicoder.error.AiCoderException when the sandbox itself is closed or cannot be
   *     started
   */
  Execution run(String program, Limits limits);

  /** Returns a name for results, such as {@code bubblewrap}. */
  String name();

  /** Ends all workers and removes what they left. */
  @Override
  void close();
}
