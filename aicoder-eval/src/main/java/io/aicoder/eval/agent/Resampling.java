package io.aicoder.eval.agent;

import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.task.Task;
import java.util.List;

/**
 * Asks the same again until a program passes: what an agent that sees the test's output has to be
 * compared with. Needs a temperature above 0, else every program is the first one.
 */
public final class Resampling implements Agent {

  private final OneShot first;
  private final int rounds;

  /**
   * Makes the agent.
   *
   * @param templates the prompts
   * @param rounds how many programs may follow the first, 0 or more
   */
  public Resampling(PromptTemplates templates, int rounds) {
    if (rounds < 0) {
      throw new IllegalArgumentException("rounds is " + rounds + ": it must be 0 or more");
    }
    first = new OneShot(templates);
    this.rounds = rounds;
  }

  @Override
  public String name() {
    return "resampling";
  }

  @Override
  public int rounds() {
    return rounds;
  }

  @Override
  public String fingerprint(Task task, int sample) {
    return first.fingerprint(task, sample);
  }

  @Override
  public Draft draft(Task task, int sample, List<Step> tried, Questions questions) {
    return first.draft(task, sample, tried, questions);
  }
}
