package io.aicoder.eval.metric;

import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.Task;

/**
 * One run of some code on a task's test.
 *
 * <p>Where the test is one that this library wrote (all formats but AICoderEval's), its lines carry
 * a random word while the program runs: lines that the program prints itself are not taken for
 * them.
 *
 * @param execution what was written, without that word, and how it ended
 * @param judgement what that says about the code
 */
public record TestRun(Execution execution, Judgement judgement) {

  /**
   * Runs some code on a task's test.
   *
   * @param task the task
   * @param code imports and function, as {@link Task#program} takes it
   * @param sandbox where
   * @param limits what it may use
   */
  public static TestRun of(Task task, String code, Sandbox sandbox, Limits limits) {
    TestSeal seal = new TestSeal(task, code);
    Execution execution = seal.open(sandbox.run(seal.program(), limits));
    return new TestRun(execution, VerdictReader.judge(task, execution));
  }
}
