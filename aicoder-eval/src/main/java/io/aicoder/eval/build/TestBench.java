package io.aicoder.eval.build;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.metric.Judgement;
import io.aicoder.eval.metric.VerdictReader;
import io.aicoder.eval.run.Fingerprint;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.sandbox.Termination;
import io.aicoder.eval.task.PythonFunction;
import io.aicoder.eval.task.Task;

/** Runs functions on their tests, each program once. Safe for use by several threads. */
final class TestBench {

  /** Raised whenever programs are put together or judged in another way than before. */
  private static final int METHOD = 2;

  private static final int KEPT_CHARACTERS = 10_000;

  private final Sandbox sandbox;
  private final Limits limits;
  private final String environment;
  private final Memory<Trial> memory;

  TestBench(Sandbox sandbox, Limits limits, String environment, Memory<Trial> memory) {
    this.sandbox = sandbox;
    this.limits = limits;
    this.environment = environment;
    this.memory = memory;
  }

  /**
   * Runs a task's own reference.
   *
   * @param task the task
   * @param time the first or a later time: a later one is a run of its own
   * @throws AiCoderException (ENVIRONMENT) when the sandbox fails
   */
  Trial run(Task task, int time) {
    return run(task, task.reference(), time);
  }

  /** Tells whether a task's test succeeds with a function that does nothing. */
  boolean isVacuous(Task task) {
    PythonFunction function = task.function();
    return run(task, task.imports() + "\n\n" + function.head() + "    return None\n", 1).passed();
  }

  private Trial run(Task task, String code, int time) {
    String program = task.program(code);
    String key =
        new Fingerprint()
            .add("method", METHOD)
            .add("program", program)
            .add("requirements", task.requirements())
            .add("limits", limits)
            .add("sandbox", sandbox.name())
            .add("environment", environment)
            .add("time", time)
            .hex();
    return memory.findOrMake(key, () -> run(key, task, program));
  }

  private Trial run(String key, Task task, String program) {
    Execution execution = sandbox.run(program, limits);
    if (execution.termination() instanceof Termination.SandboxFailure failure) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          "the sandbox failed ("
              + failure.reason()
              + "); check the machine, then run the job again to go on where it stopped");
    }
    Judgement judgement = VerdictReader.judge(task, execution);
    return new Trial(
        key,
        judgement.verdict().wireName(),
        judgement.casesPassed(),
        judgement.casesTotal(),
        judgement.detail(),
        end(execution.stdout()),
        end(execution.stderr()));
  }

  private static String end(String text) {
    return text.substring(Math.max(0, text.length() - KEPT_CHARACTERS));
  }
}
