package io.aicoder.eval.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.eval.Examples;
import io.aicoder.eval.agent.RecordedResults;
import io.aicoder.eval.agent.RecordedResults.Program;
import io.aicoder.eval.metric.Judgement;
import io.aicoder.eval.metric.VerdictReader;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.RealPython;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.Task;
import io.aicoder.eval.task.TaskSet;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The nano tasks in the real sandbox, against the figures that evaluate.py recorded. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NanoReferenceTest {

  private final TaskSet tasks = Examples.nano();
  private final Sandbox sandbox;

  NanoReferenceTest() {
    sandbox = RealPython.sandboxOrSkip(2);
  }

  @AfterAll
  void close() {
    sandbox.close();
  }

  @Test
  void everyReferencePasses() {
    GateReport report =
        new GroundTruthGate(sandbox, Limits.DEFAULT, "", 2, ProgressListener.SILENT)
            .check(tasks, List.of(), null);
    assertThat(report.runnable().size()).isEqualTo(125);
    assertThat(report.notRunnable()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"base, 169", "adapter, 161"})
  void everyRecordedProgramPassesTheRecordedCases(String run, int programs) {
    List<Program> recorded = RecordedResults.load(run);
    assertThat(recorded).hasSize(programs);
    List<String> differences = new ArrayList<>();
    for (Program program : recorded) {
      Task task = tasks.find(program.path()).orElseThrow();
      Execution execution = sandbox.run(task.program(program.code()), Limits.DEFAULT);
      Judgement judgement = VerdictReader.judge(task, execution);
      if (judgement.casesPassed() != program.passed()
          || (!program.stdout().isEmpty() && !program.stdout().equals(execution.stdout()))) {
        differences.add(
            program.path()
                + ": recorded "
                + program.passed()
                + ", now "
                + judgement
                + "\n--- recorded\n"
                + program.stdout()
                + "\n--- now\n"
                + execution.stdout()
                + execution.stderr());
      }
    }
    assertThat(differences).isEmpty();
  }
}
