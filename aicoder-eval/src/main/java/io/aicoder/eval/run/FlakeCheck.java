package io.aicoder.eval.run;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.metric.FlakeRate;
import io.aicoder.eval.metric.Judgement;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.metric.TestRun;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.Task;
import io.aicoder.eval.task.TaskSet;
import java.util.List;
import java.util.stream.Stream;

/** Runs the programs of a finished run again, to see which of their verdicts can be trusted. */
public final class FlakeCheck {

  private final Sandbox sandbox;
  private final Limits limits;
  private final int workers;
  private final ProgressListener listener;

  /**
   * Makes a check.
   *
   * @param sandbox where the programs run; stays the caller's
   * @param limits what each may use; as in the run, or time-outs differ
   * @param workers how many run at once, 1 or more
   * @param listener hears about each program
   */
  public FlakeCheck(Sandbox sandbox, Limits limits, int workers, ProgressListener listener) {
    this.sandbox = sandbox;
    this.limits = limits;
    this.workers = workers;
    this.listener = listener;
  }

  /**
   * Runs the program that counts of each sample several times; samples without a program are left
   * out.
   *
   * @param tasks the tasks that the samples are of
   * @param samples a run's samples
   * @param times how often each program runs, 2 or more
   * @return how often verdicts differ, from these runs alone
   * @throws IllegalArgumentException when times is below 2
   * @throws AiCoderException (INPUT) when a sample's task is not among the tasks, (ENVIRONMENT)
   *     when the sandbox fails
   */
  public FlakeRate check(TaskSet tasks, List<Sample> samples, int times) {
    if (times < 2) {
      throw new IllegalArgumentException(
          "times is " + times + ": two runs at least are needed to see a difference");
    }
    List<Sample> programs =
        samples.stream().filter(sample -> !sample.best().code().isBlank()).toList();
    programs.forEach(sample -> find(tasks, sample));
    return FlakeRate.of(
        new Phase("rerun", listener).run(workers, programs, sample -> rerun(tasks, sample, times)));
  }

  private static Task find(TaskSet tasks, Sample sample) {
    return tasks
        .find(sample.taskId())
        .orElseThrow(
            () ->
                new AiCoderException(
                    ErrorCategory.INPUT,
                    "sample of task "
                        + sample.taskId()
                        + ": there is no such task; load the tasks that the run was made with"));
  }

  private Sample rerun(TaskSet tasks, Sample sample, int times) {
    Task task = find(tasks, sample);
    List<Step> runs = Stream.generate(() -> run(task, sample.best())).limit(times).toList();
    return new Sample(
        sample.key(),
        sample.taskId(),
        sample.sample(),
        sample.domain(),
        sample.library(),
        sample.difficulty(),
        runs,
        sample.exit());
  }

  private Step run(Task task, Step step) {
    TestRun run = TestRun.of(task, step.code(), sandbox, limits);
    Execution execution = run.execution();
    Judgement judgement = run.judgement();
    return new Step(
        null,
        null,
        step.prompt(),
        step.answer(),
        step.code(),
        judgement.verdict().wireName(),
        judgement.detail(),
        judgement.casesPassed(),
        judgement.casesTotal(),
        execution.stdout(),
        execution.stderr(),
        step.lines(),
        step.codeTokens(),
        0,
        0,
        0,
        execution.wall().toNanos() / 1e9);
  }
}
