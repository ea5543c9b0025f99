package io.aicoder.eval.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Programs behave as with {@code python3 program.py}, one after the other and at once. */
class BubblewrapSandboxTest {

  private static BubblewrapSandbox sandbox;

  @BeforeAll
  static void open() {
    sandbox = RealPython.sandboxOrSkip(2);
  }

  @AfterAll
  static void close() {
    if (sandbox != null) {
      sandbox.close();
    }
  }

  private static Execution run(String program) {
    return sandbox.run(program, Limits.DEFAULT);
  }

  private static void assertPrints(String program, String expected) {
    Execution execution = run(program);
    assertThat(execution.stderr()).isEmpty();
    assertThat(execution.stdout()).isEqualTo(expected);
    assertThat(execution.termination()).isEqualTo(new Termination.Exited(0));
  }

  @Test
  void runsAProgram() {
    assertPrints("print(6 * 7)\nprint('é')", "42\né\n");
  }

  @Test
  void theLibrariesAreThere() {
    assertPrints(
        """
        import numpy as np, pandas as pd, scipy.stats, sklearn.svm, torch
        from PIL import Image
        print(np.arange(3).sum(), pd.Series([1, 2]).mean(), torch.ones(2).sum().item())
        """,
        "3 1.5 2.0\n");
  }

  @Test
  void exitCodesAreThoseOfPython() {
    assertThat(run("import sys; sys.exit(3)").termination()).isEqualTo(new Termination.Exited(3));
    assertThat(run("raise SystemExit").termination()).isEqualTo(new Termination.Exited(0));
    assertThat(run("import os; os._exit(7)").termination()).isEqualTo(new Termination.Exited(7));
    Execution text = run("import sys; sys.exit('enough')");
    assertThat(text.termination()).isEqualTo(new Termination.Exited(1));
    assertThat(text.stderr()).isEqualTo("enough\n");
    assertThat(run("import os; os.kill(os.getpid(), 11)").termination())
        .isEqualTo(new Termination.Signalled(11));
  }

  @Test
  void tracebacksShowTheProgramAndNothingElse() {
    Execution execution = run("def divide(a, b):\n    return a / b\n\nprint('on')\ndivide(1, 0)\n");
    assertThat(execution.stdout()).isEqualTo("on\n");
    assertThat(execution.stderr().replaceAll(" +[~^]+\n", ""))
        .isEqualTo(
            """
            Traceback (most recent call last):
              File "program.py", line 5, in <module>
                divide(1, 0)
              File "program.py", line 2, in divide
                return a / b
            ZeroDivisionError: division by zero
            """);
    assertThat(execution.termination()).isEqualTo(new Termination.Exited(1));
  }
}
