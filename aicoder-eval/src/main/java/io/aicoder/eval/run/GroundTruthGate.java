package io.aicoder.eval.run;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.agent.AgentLoop;
import io.aicoder.eval.agent.GenerationOptions;
import io.aicoder.eval.agent.ProgramExtractor;
import io.aicoder.eval.agent.Questions;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.metric.Verdict;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.Task;
import io.aicoder.eval.task.TaskSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs the references of a benchmark before any model is scored on it.
 *
 * <p>A task whose reference fails its own test says nothing about models; the benchmark is refused
 * until such tasks are excluded by name. A task whose library is not installed, or that needs the
 * network, cannot be run here; it is left out and reported.
 */
public final class GroundTruthGate {

  private final Sandbox sandbox;
  private final Limits limits;
  private final String environment;
  private final int workers;
  private final ProgressListener listener;
  private final @Nullable LimitScale scale;

  /**
   * Makes a gate.
   *
   * @param sandbox where the references run; stays the caller's
   * @param limits what each may use
   * @param environment names interpreter and libraries: references that passed once are not run
   *     again while it is the same
   * @param workers how many run at once, 1 or more
   * @param listener hears about each
   */
  public GroundTruthGate(
      Sandbox sandbox, Limits limits, String environment, int workers, ProgressListener listener) {
    this(sandbox, limits, environment, workers, listener, null);
  }

  private GroundTruthGate(
      Sandbox sandbox,
      Limits limits,
      String environment,
      int workers,
      ProgressListener listener,
      @Nullable LimitScale scale) {
    this.sandbox = sandbox;
    this.limits = limits;
    this.environment = environment;
    this.workers = workers;
    this.listener = listener;
    this.scale = scale;
  }

  /**
   * Returns the same gate that also makes each task's limits of what its reference took; the
   * references run under the ceiling.
   *
   * @param value how; {@code null}: it does not
   */
  public GroundTruthGate withScale(@Nullable LimitScale value) {
    Limits allowed = value == null ? limits : value.ceiling();
    return new GroundTruthGate(sandbox, allowed, environment, workers, listener, value);
  }

  /**
   * Runs the references.
   *
   * @param tasks the benchmark
   * @param excluded ids of tasks to leave out, whatever their references do
   * @param folder keeps the references that passed in {@code references.jsonl}; {@code null}: none
   *     are kept
   * @return the tasks that can be scored, and why the others cannot
   * @throws GroundTruthException when references fail
   * @throws AiCoderException (INPUT) when an excluded id is unknown, (ENVIRONMENT) when the sandbox
   *     fails or no task can be run
   */
  public GateReport check(TaskSet tasks, Collection<String> excluded, @Nullable Path folder) {
    TaskSet candidates = tasks.without(excluded);
    List<Sample> samples;
    if (folder == null) {
      samples = phase(candidates, this::run);
    } else {
      try (SampleStore store = SampleStore.open(folder.resolve("references.jsonl"))) {
        samples = phase(candidates, task -> findOrRun(task, store));
      }
    }
    return report(candidates, excluded, samples);
  }

  private List<Sample> phase(TaskSet tasks, Function<Task, Sample> make) {
    return new Phase("references", listener).run(workers, tasks.tasks(), make);
  }

  private Sample findOrRun(Task task, SampleStore store) {
    Sample known = store.find(key(task));
    if (known != null) {
      return known;
    }
    Sample sample = run(task);
    if (isVerdict(sample, new Verdict.Passed())) {
      store.add(sample);
    }
    return sample;
  }

  private Sample run(Task task) {
    AgentLoop loop =
        new AgentLoop(new Reference(), new ProgramExtractor(sandbox), sandbox, limits, code -> 0);
    Questions none = new Questions(null, GenerationOptions.GREEDY, 0, task.id(), 0);
    List<Step> steps = loop.solve(task, 0, none, step -> {}).steps();
    return new Sample(key(task), task.id(), 0, task.domain(), task.library(), steps);
  }

  private String key(Task task) {
    return SampleKey.of(task, 0, limits, sandbox.name(), environment)
        .add("agent", "reference")
        .hex();
  }

  private static boolean isVerdict(Sample sample, Verdict verdict) {
    return sample.best().verdict().equals(verdict.wireName());
  }

  private GateReport report(TaskSet candidates, Collection<String> excluded, List<Sample> samples) {
    SortedMap<String, String> offenders = new TreeMap<>();
    SortedMap<String, String> notRunnable = new TreeMap<>();
    for (Sample sample : samples) {
      String detail = Objects.requireNonNullElse(sample.best().detail(), "");
      if (isVerdict(sample, new Verdict.Infrastructure(""))) {
        notRunnable.put(sample.taskId(), detail);
      } else if (!isVerdict(sample, new Verdict.Passed())) {
        offenders.put(sample.taskId(), offence(sample.best(), detail));
      }
    }
    if (!offenders.isEmpty()) {
      throw new GroundTruthException(offenders, candidates.size());
    }
    if (notRunnable.size() == candidates.size()) {
      String first =
          notRunnable.isEmpty() ? "there is none" : notRunnable.values().iterator().next();
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          "none of the "
              + candidates.size()
              + " tasks can be run here ("
              + first
              + "); install what is missing, or choose other tasks");
    }
    List<String> left = new ArrayList<>(notRunnable.keySet());
    return new GateReport(
        candidates.without(left), notRunnable, new TreeSet<>(excluded), limits(samples));
  }

  private SortedMap<String, Limits> limits(List<Sample> samples) {
    SortedMap<String, Limits> byTask = new TreeMap<>();
    if (scale != null) {
      samples.forEach(sample -> byTask.put(sample.taskId(), scale.of(sample.best())));
    }
    return byTask;
  }

  private static String offence(Step step, String detail) {
    String cases = step.casesPassed() + " of " + step.casesTotal() + " cases";
    return step.verdict() + ", " + cases + (detail.isEmpty() ? "" : ", " + detail);
  }
}
