package io.aicoder.eval.run;

import static io.aicoder.eval.ScriptedSandbox.cases;
import static io.aicoder.eval.ScriptedSandbox.exited;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.eval.Examples;
import io.aicoder.eval.ScriptedSandbox;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.task.TaskSet;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroundTruthGateTest {

  private static final String NO_NUMPY =
      "Traceback (most recent call last):\n  File \"program.py\", line 1, in <module>\n"
          + "ModuleNotFoundError: No module named 'numpy'\n";

  private final TaskSet tasks = Examples.tasks(4);

  private static GroundTruthGate gate(ScriptedSandbox sandbox) {
    return new GroundTruthGate(sandbox, Limits.DEFAULT, "", 2, ProgressListener.SILENT);
  }

  /** Task 1 fails, task 2 lacks a library. */
  private final ScriptedSandbox sandbox =
      new ScriptedSandbox(
          program ->
              program.contains("test_f1()")
                  ? cases(true, false, true)
                  : program.contains("test_f2()")
                      ? exited(1, "", NO_NUMPY)
                      : cases(true, true, true));

  @Test
  void refusesABenchmarkWhoseReferencesFail() {
    assertThatThrownBy(() -> gate(sandbox).check(tasks, List.of(), null))
        .isInstanceOfSatisfying(
            GroundTruthException.class,
            e ->
                assertThat(e.offenders())
                    .containsEntry(
                        "test/1", "partial, 2 of 3 cases, NameError: name 'x' is not defined"))
        .hasMessageStartingWith("1 of 4 references do not pass their own test: test/1 (partial")
        .hasMessageEndingWith("correct these tasks, or exclude them by name");
  }

  @Test
  void leavesOutWhatIsExcludedOrCannotRun() {
    GateReport report = gate(sandbox).check(tasks, List.of("test/1"), null);

    assertThat(report.runnable().ids()).containsExactly("test/0", "test/3");
    assertThat(report.notRunnable()).containsEntry("test/2", "missing library: numpy").hasSize(1);
    assertThat(report.excluded()).containsExactly("test/1");
    assertThatThrownBy(() -> gate(sandbox).check(tasks, List.of("test/7"), null))
        .hasMessageContaining("not among the tasks: test/7");
  }

  @Test
  void refusesABenchmarkOfWhichNothingRuns() {
    ScriptedSandbox bare = new ScriptedSandbox(program -> exited(1, "", NO_NUMPY));
    assertThatThrownBy(() -> gate(bare).check(tasks, List.of(), null))
        .hasMessage(
            "none of the 4 tasks can be run here (missing library: numpy);"
                + " install what is missing, or choose other tasks");
  }

  @Test
  void runsReferencesThatPassedOnlyOnce(@TempDir Path folder) {
    gate(sandbox).check(tasks, List.of("test/1"), folder);
    sandbox.programs.clear();
    gate(sandbox).check(tasks, List.of("test/1"), folder);
    assertThat(sandbox.programs).singleElement().asString().contains("test_f2()");
  }
}
