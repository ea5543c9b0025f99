package io.aicoder.eval.run;

import io.aicoder.error.AiCoderException;
import io.aicoder.eval.agent.AgentLoop;
import io.aicoder.eval.agent.Outcome;
import io.aicoder.eval.agent.ProgramExtractor;
import io.aicoder.eval.agent.Questions;
import io.aicoder.eval.metric.ExitStatus;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.task.Task;
import io.aicoder.eval.trajectory.TrajectoryFile;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes the samples of a run, each once: what is finished in the folder is taken from there. Safe
 * for use by several threads.
 */
final class SampleMaker implements AutoCloseable {

  /** One sample to make. */
  record Item(Task task, int sample, Limits limits) {}

  private final RunPlan plan;
  private final SampleStore store;
  private final @Nullable TrajectoryFile trajectories;

  /**
   * Opens the files of a run.
   *
   * @throws AiCoderException (INPUT) when a file in the folder cannot be used, (ENVIRONMENT) when
   *     one cannot be read or written, or when another run has it open
   */
  SampleMaker(RunPlan plan) {
    this.plan = plan;
    store = SampleStore.open(plan.folder().resolve("samples.jsonl"));
    try {
      // Of a single try the sample says it all.
      trajectories =
          plan.agent().rounds() == 0
              ? null
              : TrajectoryFile.open(plan.folder().resolve("trajectories.jsonl"));
    } catch (AiCoderException e) {
      store.close();
      throw e;
    }
  }

  /**
   * Returns a finished sample, or makes it and keeps it.
   *
   * @throws AiCoderException when the model, the sandbox or the disk fails, naming task and sample
   */
  Sample findOrMake(Item item) {
    String key = plan.key(item.task(), item.sample(), item.limits());
    Sample known = store.find(key);
    if (known != null && !known.best().spoilt()) {
      return known;
    }
    List<Step> steps = new ArrayList<>();
    Outcome outcome;
    try {
      outcome = solve(item, key, steps);
    } catch (AiCoderException e) {
      throw brokenOff(item, key, steps, e);
    }
    Sample sample = sample(item, key, outcome.steps(), outcome.exit());
    store.add(sample);
    return sample;
  }

  private Outcome solve(Item item, String key, List<Step> steps) {
    Task task = item.task();
    Questions questions =
        new Questions(plan.model(), plan.options(), plan.seed(), task.id(), item.sample());
    if (trajectories == null) {
      return loop(item).solve(task, item.sample(), questions, steps::add);
    }
    TrajectoryFile.Recorder recorder = trajectories.begin(key, plan.header(task, item.sample()));
    Outcome outcome = loop(item).solve(task, item.sample(), questions, recorder.and(steps::add));
    recorder.end(outcome.exit());
    return outcome;
  }

  private AgentLoop loop(Item item) {
    return new AgentLoop(
        plan.agent(),
        plan.feedback(),
        plan.budget(),
        new ProgramExtractor(plan.sandbox()),
        plan.sandbox(),
        item.limits(),
        plan.tokenCounter());
  }

  private Sample sample(Item item, String key, List<Step> steps, @Nullable ExitStatus exit) {
    Task task = item.task();
    return new Sample(
        key,
        task.id(),
        item.sample(),
        task.domain(),
        task.library(),
        task.difficulty(),
        steps,
        exit,
        plan.scale() == null ? null : item.limits().toString());
  }

  private AiCoderException brokenOff(
      Item item, String key, List<Step> steps, AiCoderException cause) {
    if (!steps.isEmpty()) {
      UnfinishedSamples.append(
          plan.folder().resolve("unfinished.jsonl"), sample(item, key, steps, null), cause);
    }
    return new AiCoderException(
        cause.category(),
        String.format(
            "task %s, sample %d: %s (finished samples are kept in %s: run again to go on)",
            item.task().id(), item.sample(), cause.getMessage(), plan.folder()),
        cause);
  }

  @Override
  public void close() {
    try (store) {
      if (trajectories != null) {
        trajectories.close();
      }
    }
  }
}
