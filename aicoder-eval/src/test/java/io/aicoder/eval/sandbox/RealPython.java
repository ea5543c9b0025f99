package io.aicoder.eval.sandbox;

import static org.junit.jupiter.api.Assumptions.abort;

import io.aicoder.error.AiCoderException;

/** The machine's own Python and bubblewrap for tests; found or installed once. */
final class RealPython {

  private RealPython() {}

  private static final class Holder {
    static final PythonEnvironment PYTHON = PythonEnvironment.provision(System.out::println);
  }

  /** Returns Python, or skips the test with the reason. */
  static PythonEnvironment orSkip() {
    try {
      return Holder.PYTHON;
    } catch (AiCoderException | LinkageError e) {
      Throwable reason = e.getCause() instanceof AiCoderException cause ? cause : e;
      return abort("no Python here: " + reason.getMessage());
    }
  }

  /** Returns a sandbox, or skips the test with the reason. */
  static BubblewrapSandbox sandboxOrSkip(int workers) {
    PythonEnvironment python = orSkip();
    try {
      Bubblewrap.provision(System.out::println);
    } catch (AiCoderException e) {
      return abort(e.getMessage());
    }
    try {
      return BubblewrapSandbox.builder().optPython(python).optWorkers(workers).build();
    } catch (AiCoderException e) {
      if (String.valueOf(e.getMessage()).matches(".*(namespace|uid map).*")) {
        return abort("bubblewrap may not work here: " + e.getMessage());
      }
      throw e;
    }
  }
}
