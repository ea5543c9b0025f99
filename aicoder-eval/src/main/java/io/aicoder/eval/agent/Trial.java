package io.aicoder.eval.agent;

import io.aicoder.eval.metric.CodeSize;
import io.aicoder.eval.metric.Judgement;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.metric.TestRun;
import io.aicoder.eval.metric.VerdictReader;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.sandbox.Termination;
import io.aicoder.eval.task.Task;
import java.time.Duration;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** Runs drafts on a task's test and writes down what that showed. */
record Trial(
    ProgramExtractor extractor,
    Sandbox sandbox,
    Limits limits,
    ToIntFunction<String> tokenizer,
    Questions questions) {

  private static final Execution NOT_RUN =
      new Execution("", "", new Termination.Exited(0), Duration.ZERO);

  /** Runs a draft on the test of a task; {@code shown} says that this is not the scoring test. */
  Step run(Task task, Draft draft, boolean shown) {
    String given = draft.code();
    String source = Objects.requireNonNullElse(draft.submitted(), draft.answer());
    String code = given == null ? extractor.extract(task, source) : given;
    if (code.isBlank()) {
      return without(task, draft, "The answer holds no program.", shown);
    }
    TestRun run = TestRun.of(task, code, sandbox, limits);
    return step(task, draft, code, run.judgement(), run.execution(), shown);
  }

  /** Writes down a draft that holds no program. */
  Step without(Task task, Draft draft, String why, boolean shown) {
    return step(task, draft, "", VerdictReader.noCode(task, why), NOT_RUN, shown);
  }

  private Step step(
      Task task,
      Draft draft,
      String code,
      Judgement judgement,
      Execution execution,
      boolean shown) {
    CodeSize size = CodeSize.of(code, tokenizer);
    @Nullable String shownTest = shown ? ShownTest.text(task) : null;
    return new Step(
        draft.suggestionPrompt(),
        draft.suggestion(),
        draft.prompt(),
        draft.answer(),
        code,
        judgement.verdict().wireName(),
        judgement.detail(),
        judgement.casesPassed(),
        judgement.casesTotal(),
        execution.stdout(),
        execution.stderr(),
        size.lines(),
        size.tokens(),
        questions.promptTokens(),
        questions.completionTokens(),
        questions.seconds(),
        execution.wall().toNanos() / 1e9,
        shownTest,
        questions.usd(),
        execution.cpu() == null ? null : execution.cpu().toNanos() / 1e9,
        execution.memoryBytes());
  }
}
