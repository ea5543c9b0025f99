package io.aicoder.eval.trajectory;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.agent.AgentLoop;
import io.aicoder.eval.agent.GenerationOptions;
import io.aicoder.eval.agent.Outcome;
import io.aicoder.eval.agent.Questions;
import io.aicoder.eval.metric.Judgement;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.metric.TestRun;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.Task;
import java.util.ArrayList;
import java.util.List;

/**
 * Does again, without a model, what a trajectory records. As a unit test:
 *
 * {@snippet :
 * for (Trajectory trajectory : Trajectory.load(Path.of("trajectories.jsonl"))) {
 *   Replay.verify(trajectory, sandbox, Limits.DEFAULT);
 * }
 * }
 */
public final class Replay {

  /**
   * A program that fares otherwise than was recorded.
   *
   * @param step which step, from 0
   * @param recorded its recorded verdict with the cases, such as {@code partial, 1 of 3}
   * @param now the same of the replay
   */
  public record Difference(int step, String recorded, String now) {}

  private Replay() {}

  /**
   * Runs every recorded program on the test that it was run on.
   *
   * @param trajectory what was recorded
   * @param sandbox where programs run
   * @param limits what one may use
   * @return where verdict or passed cases differ; none when all is as recorded
   */
  public static List<Difference> programs(Trajectory trajectory, Sandbox sandbox, Limits limits) {
    List<Difference> differences = new ArrayList<>();
    for (int i = 0; i < trajectory.steps().size(); i++) {
      Step step = trajectory.steps().get(i);
      if (step.code().isBlank()) {
        continue;
      }
      Task task = tested(trajectory.header().task(), step);
      Judgement judgement = TestRun.of(task, step.code(), sandbox, limits).judgement();
      String recorded = fared(step.verdict(), step.casesPassed(), step.casesTotal());
      String now =
          fared(judgement.verdict().wireName(), judgement.casesPassed(), judgement.casesTotal());
      if (!recorded.equals(now)) {
        differences.add(new Difference(i, recorded, now));
      }
    }
    return differences;
  }

  private static String fared(String verdict, int passed, int total) {
    return verdict + ", " + passed + " of " + total;
  }

  /** A blind agent's programs ran on another test than the task's own. */
  private static Task tested(Task task, Step step) {
    String shown = step.shownTest();
    return shown == null
        ? task
        : new Task(
            task.id(),
            task.requirements(),
            task.imports(),
            task.functionCode(),
            shown,
            "",
            task.instruction(),
            task.answer(),
            task.domain(),
            task.library());
  }

  /**
   * Runs every recorded program and requires the recorded verdicts.
   *
   * @throws AiCoderException (EXECUTION) naming task, step and verdicts when one differs
   */
  public static void verify(Trajectory trajectory, Sandbox sandbox, Limits limits) {
    List<Difference> differences = programs(trajectory, sandbox, limits);
    if (!differences.isEmpty()) {
      Difference first = differences.get(0);
      throw new AiCoderException(
          ErrorCategory.EXECUTION,
          String.format(
              "task %s, step %d: recorded as '%s', is now '%s'; compare libraries and limits",
              trajectory.header().task().id(), first.step(), first.recorded(), first.now()));
    }
  }

  /**
   * Lets an agent do everything again, prompts included, with the recorded answers in the model's
   * place. Budgets of time and tokens are better left out: nothing takes as long as it did, and
   * prompts are counted by an estimate.
   *
   * @param trajectory what was recorded
   * @param loop the loop with the agent, the feedback and the budget of then
   * @return what the agent did this time
   * @throws AiCoderException (INPUT) naming the call when the agent asks something else than was
   *     recorded
   */
  public static Outcome agent(Trajectory trajectory, AgentLoop loop) {
    TrajectoryHeader header = trajectory.header();
    GenerationOptions options = GenerationOptions.GREEDY.withTemperature(header.temperature());
    String id = header.task().id();
    try (AnsweringTrajectory model = new AnsweringTrajectory(trajectory)) {
      Questions questions = new Questions(model, options, 0, id, header.sample());
      return loop.solve(header.task(), header.sample(), questions, step -> {});
    }
  }
}
