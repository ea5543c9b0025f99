package io.aicoder.eval.agent;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.metric.CodeSize;
import io.aicoder.eval.metric.Judgement;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.metric.Verdict;
import io.aicoder.eval.metric.VerdictReader;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.sandbox.Termination;
import io.aicoder.eval.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/**
 * The loop that all agents share: draft, take the program out of the answer, run it on the task's
 * test, and again until every case succeeds or the rounds are used up.
 *
 * <p>It ends early when the surroundings failed (a missing library is nothing to repair), and when
 * the model refuses a repair prompt, which can outgrow its context; that is recorded as an answer
 * without program. Safe for use by several threads as far as its parts are.
 *
 * @param agent who writes the drafts
 * @param extractor takes the programs from the answers
 * @param sandbox where they run; stays the caller's
 * @param limits what a program may use
 * @param tokenizer counts the tokens of a program (CT)
 */
public record AgentLoop(
    Agent agent,
    ProgramExtractor extractor,
    Sandbox sandbox,
    Limits limits,
    ToIntFunction<String> tokenizer) {

  private static final Execution NOT_RUN =
      new Execution("", "", new Termination.Exited(0), Duration.ZERO);

  /**
   * Tries to solve a task.
   *
   * @param task the task
   * @param sample which sample of the task, from 0
   * @param questions the way to the model
   * @param record takes every step as soon as it is done, so that what was tried is known even when
   *     a later generation fails
   * @return all steps, oldest first, one at least
   * @throws AiCoderException when the model fails, or refuses the first prompt, or when the sandbox
   *     cannot be used
   */
  public List<Step> solve(Task task, int sample, Questions questions, Consumer<Step> record) {
    List<Step> steps = new ArrayList<>();
    for (int round = 0; round <= agent.rounds(); round++) {
      questions.beginRound(round);
      Step step;
      try {
        Draft draft = agent.draft(task, sample, List.copyOf(steps), questions);
        step = run(task, draft, questions);
      } catch (AiCoderException e) {
        if (round == 0 || e.category() != ErrorCategory.REQUEST) {
          throw e;
        }
        step = refused(task, e, questions);
        round = agent.rounds();
      }
      steps.add(step);
      record.accept(step);
      if (isOver(step)) {
        break;
      }
    }
    return steps;
  }

  private static boolean isOver(Step step) {
    return step.verdict().equals(new Verdict.Passed().wireName())
        || step.verdict().equals(new Verdict.Infrastructure("").wireName());
  }

  private Step run(Task task, Draft draft, Questions questions) {
    String given = draft.code();
    String code = given == null ? extractor.extract(task, draft.answer()) : given;
    if (code.isBlank()) {
      Judgement judgement = VerdictReader.noCode(task, "The answer holds no program.");
      return step(draft, "", judgement, NOT_RUN, questions);
    }
    Execution execution = sandbox.run(task.program(code), limits);
    return step(draft, code, VerdictReader.judge(task, execution), execution, questions);
  }

  private Step refused(Task task, AiCoderException refusal, Questions questions) {
    Draft draft = Draft.answer(questions.lastPrompt(), "");
    Judgement judgement =
        VerdictReader.noCode(task, "the model refused the prompt: " + refusal.getMessage());
    return step(draft, "", judgement, NOT_RUN, questions);
  }

  private Step step(
      Draft draft, String code, Judgement judgement, Execution execution, Questions questions) {
    CodeSize size = CodeSize.of(code, tokenizer);
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
        execution.wall().toNanos() / 1e9);
  }
}
