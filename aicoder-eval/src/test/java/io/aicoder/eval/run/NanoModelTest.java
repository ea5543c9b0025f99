package io.aicoder.eval.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.AiCoder;
import io.aicoder.eval.Examples;
import io.aicoder.eval.agent.CoderGen;
import io.aicoder.eval.agent.PromptTemplates;
import io.aicoder.eval.agent.RecordedResults;
import io.aicoder.eval.agent.RecordedResults.Program;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.sandbox.RealPython;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.llama.ComputeType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way, with the real model and the real sandbox, against what evaluate.py recorded. */
class NanoModelTest {

  /** Enough tasks for programs that pass, that fail and that are repaired in vain. */
  private static final int TASKS = 24;

  @Test
  void writesAndRepairsTheProgramsOfTheReferenceMeasurement(@TempDir Path folder) {
    RunResult result;
    try (Sandbox sandbox = RealPython.sandboxOrSkip(2);
        AiCoder model =
            AiCoder.builder(Examples.repository().resolve("examples/nano/base"))
                .optComputeType(ComputeType.FP32)
                .build()) {
      result =
          Evaluation.builder()
              .setTasks(Examples.nano().first(TASKS))
              .setModel(model)
              .setSandbox(sandbox)
              .setFolder(folder)
              .optAgent(new CoderGen(PromptTemplates.standard(), 1))
              .build()
              .run();
    }
    List<Program> made = new ArrayList<>();
    for (Sample sample : result.samples()) {
      for (Step step : sample.steps()) {
        boolean first = step.suggestion() == null;
        made.add(
            new Program(
                sample.taskId(), step.code(), step.casesPassed(), first ? step.stdout() : ""));
      }
    }
    List<String> ids = Examples.nano().first(TASKS).ids();
    assertThat(made)
        .isEqualTo(
            RecordedResults.load("base").stream()
                .filter(program -> ids.contains(program.path()))
                .toList());
    assertThat(made).hasSizeGreaterThan(TASKS);
  }
}
