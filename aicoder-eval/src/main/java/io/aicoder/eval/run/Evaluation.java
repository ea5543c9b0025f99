package io.aicoder.eval.run;

import io.aicoder.CodeModel;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.agent.Agent;
import io.aicoder.eval.agent.Budget;
import io.aicoder.eval.agent.Feedback;
import io.aicoder.eval.agent.GenerationOptions;
import io.aicoder.eval.agent.OneShot;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.PythonEnvironment;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.Task;
import io.aicoder.eval.task.TaskSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One evaluation run: a model, or answers made elsewhere, on a benchmark.
 *
 * {@snippet :
 * RunResult result =
 *     Evaluation.builder()
 *         .setTasks(TaskSet.load(Path.of("test.jsonl")))
 *         .setModel(model)
 *         .setSandbox(sandbox)
 *         .setFolder(Path.of("results"))
 *         .optAgent(new CoderGen())
 *         .optListener(ConsoleProgress.to(System.err))
 *         .build()
 *         .run();
 * }
 *
 * <p>The references run first ({@link GroundTruthGate}). Every finished sample is a line of {@code
 * samples.jsonl} in the folder, forced to the disk, under a key of all that decides its outcome: a
 * run that was stopped goes on where it stopped, an unchanged one costs nothing. Samples that the
 * surroundings spoilt (verdict {@code infrastructure}) are made again. A finished run can be read
 * again with {@link SavedRun}.
 *
 * <p>When the model fails, the run is broken off with the model's exception: samples under way are
 * finished, everything finished is kept, and what the failing sample had tried is added to {@code
 * unfinished.jsonl}, for people.
 *
 * <p>What an agent that tries more than once does is in {@code trajectories.jsonl} as soon as it is
 * done: see {@link io.aicoder.eval.trajectory.Trajectory}.
 */
public final class Evaluation {

  private final RunPlan plan;

  private Evaluation(RunPlan plan) {
    this.plan = plan;
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Runs the references, then makes every sample that is not finished yet, and adds up.
   *
   * @return the figures and all samples, in the order of the tasks
   * @throws GroundTruthException when references fail
   * @throws AiCoderException (INPUT) when a file in the folder cannot be used, (ENVIRONMENT) when
   *     sandbox or disk fail, (EXECUTION) when interrupted, or what the model threw
   */
  public RunResult run() {
    GateReport gate = gate();
    List<SampleMaker.Item> items = new ArrayList<>();
    for (Task task : gate.runnable()) {
      Limits limits = gate.limits().getOrDefault(task.id(), plan.limits());
      for (int sample = 0; sample < plan.samples(); sample++) {
        items.add(new SampleMaker.Item(task, sample, limits));
      }
    }
    List<Sample> samples;
    String name = plan.name();
    try (SampleMaker maker = new SampleMaker(plan)) {
      samples = new Phase(name, plan.listener()).run(plan.workers(), items, maker::findOrMake);
    }
    RunResult result = RunResult.of(name, samples, plan.settings(gate));
    SavedRun.write(plan.folder(), result);
    return result;
  }

  private GateReport gate() {
    GateReport given = plan.gate();
    if (given == null) {
      return new GroundTruthGate(
              plan.sandbox(), plan.limits(), plan.environment(), plan.workers(), plan.listener())
          .withScale(plan.scale())
          .check(plan.tasks(), plan.excluded(), plan.folder());
    }
    TaskSet candidates = plan.tasks().without(plan.excluded());
    for (Task task : candidates) {
      boolean checked =
          given.runnable().find(task.id()).filter(task::equals).isPresent()
              || given.notRunnable().containsKey(task.id())
              || given.excluded().contains(task.id());
      if (!checked) {
        throw new AiCoderException(
            ErrorCategory.INPUT,
            "the gate has not checked task " + task.id() + "; check the tasks that are scored");
      }
    }
    TaskSet runnable = candidates.where(task -> given.runnable().find(task.id()).isPresent());
    return new GateReport(runnable, given.notRunnable(), given.excluded(), given.limits());
  }

  /** Collects what a run is to be. Not thread-safe. */
  public static final class Builder {

    private @Nullable TaskSet tasks;
    private @Nullable Sandbox sandbox;
    private @Nullable Path folder;
    private @Nullable Agent agent;
    private @Nullable String name;
    private @Nullable ToIntFunction<String> tokenizer;
    private @Nullable GateReport gate;
    private Set<String> excluded = Set.of();

    private @Nullable CodeModel model;
    private @Nullable AnswersFile answers;
    private GenerationOptions options = GenerationOptions.GREEDY;
    private Feedback feedback = new Feedback.ScoringTests();
    private Budget budget = Budget.NONE;
    private Limits limits = Limits.DEFAULT;
    private @Nullable LimitScale scale;
    private ProgressListener listener = ProgressListener.SILENT;
    private String environment = "";
    private int samples = 1;
    private int workers = Runtime.getRuntime().availableProcessors();
    private long seed;

    private Builder() {}

    /** Sets the benchmark. */
    public Builder setTasks(TaskSet value) {
      tasks = value;
      return this;
    }

    /** Sets the model that is scored; it stays the caller's. Either this or answers. */
    public Builder setModel(CodeModel value) {
      model = value;
      return this;
    }

    /** Sets answers that are scored instead of a model's, with as many samples as they hold. */
    public Builder setAnswers(AnswersFile value) {
      answers = value;
      samples = value.samples();
      return this;
    }

    /** Sets where programs run; it stays the caller's. */
    public Builder setSandbox(Sandbox value) {
      sandbox = value;
      return this;
    }

    /** Sets the output folder, one for each run; made if it is not there. */
    public Builder setFolder(Path value) {
      folder = value;
      return this;
    }

    /** Sets the way to come to a program; without: one question, one program. */
    public Builder optAgent(Agent value) {
      agent = value;
      return this;
    }

    /** Sets what the agent sees while it tries; without: the scoring tests, the paper's mode. */
    public Builder optFeedback(Feedback value) {
      feedback = value;
      return this;
    }

    /** Sets what each sample may take; without: as much as the agent wants. */
    public Builder optBudget(Budget value) {
      budget = value;
      return this;
    }

    /** Sets how the model is asked, the adapter included; without: greedily. */
    public Builder optOptions(GenerationOptions value) {
      options = value;
      return this;
    }

    /** Sets the row's name in reports; without: made of model, adapter and agent. */
    public Builder optName(String value) {
      name = value;
      return this;
    }

    /** Sets how many samples of each task are made, 1 or more; without: 1. */
    public Builder optSamples(int value) {
      samples = value;
      return this;
    }

    /** Sets what all sampling derives from; without: 0. Greedy decoding needs none. */
    public Builder optSeed(long value) {
      seed = value;
      return this;
    }

    /**
     * Sets how many tasks are worked on at once, 1 or more; without: one for each processor. While
     * one waits for the model, the programs of others run.
     */
    public Builder optWorkers(int value) {
      workers = value;
      return this;
    }

    /** Sets what a program may use; without: {@link Limits#DEFAULT}. */
    public Builder optLimits(Limits value) {
      limits = value;
      return this;
    }

    /**
     * Makes the limits of each task from what its reference takes, in place of {@link #optLimits};
     * without: all tasks have the same. They are recorded with each sample.
     */
    public Builder optLimitScale(@Nullable LimitScale value) {
      scale = value;
      return this;
    }

    /** Sets who hears about the progress; without: nobody. */
    public Builder optListener(ProgressListener value) {
      listener = value;
      return this;
    }

    /** Leaves tasks out by their ids. */
    public Builder optExcluded(Collection<String> value) {
      excluded = Set.copyOf(value);
      return this;
    }

    /** Sets the result of a gate that these tasks have been through in this sandbox. */
    public Builder optGate(GateReport value) {
      gate = value;
      return this;
    }

    /**
     * Sets the interpreter that the sandbox runs: results name its version and its libraries, and
     * when one changes, programs run again.
     */
    public Builder optPython(PythonEnvironment value) {
      String libraries =
          new TreeMap<>(value.libraries())
              .entrySet().stream()
                  .map(library -> library.getKey() + " " + library.getValue())
                  .collect(Collectors.joining(", "));
      return optEnvironment("Python " + value.version() + ", " + libraries);
    }

    /** Names interpreter and libraries that programs run with; when it changes, they run again. */
    public Builder optEnvironment(String value) {
      environment = value;
      return this;
    }

    /** Sets what counts the tokens of programs (CT); without: the model, or nothing. */
    public Builder optTokenizer(ToIntFunction<String> value) {
      tokenizer = value;
      return this;
    }

    /**
     * Returns the run.
     *
     * @throws IllegalArgumentException when something is missing, out of its range, or does not go
     *     together
     */
    public Evaluation build() {
      require((model == null) != (answers == null), "set either a model or answers");
      require(answers == null || agent == null, "answers need no agent: set one of them");
      require(samples >= 1, "samples is " + samples + ": it must be 1 or more");
      require(workers >= 1, "workers is " + workers + ": it must be 1 or more");
      require(
          samples == 1 || model == null || options.temperature() > 0,
          "samples is " + samples + " with temperature 0: they would all be the same");
      Agent writer = writer();
      return new Evaluation(
          new RunPlan(
              name == null ? nameFor(writer) : name,
              present(tasks, "tasks"),
              excluded,
              gate,
              model,
              writer,
              feedback,
              budget,
              options,
              samples,
              seed,
              workers,
              present(sandbox, "sandbox"),
              scale == null ? limits : scale.ceiling(),
              scale,
              environment,
              tokenizer,
              present(folder, "folder"),
              listener));
    }

    private Agent writer() {
      if (answers != null) {
        require(
            samples == answers.samples(),
            "samples is " + samples + ", but the answers hold " + answers.samples());
        return answers;
      }
      return agent == null ? new OneShot() : agent;
    }

    private String nameFor(Agent writer) {
      if (model == null) {
        return writer.name();
      }
      String adapter = options.adapter() == null ? "" : " + " + options.adapter();
      String way = writer instanceof OneShot ? "" : " + " + writer.name();
      return model.name() + adapter + way;
    }

    private static <T> T present(@Nullable T value, String what) {
      if (value == null) {
        throw new IllegalArgumentException(what + " is not set");
      }
      return value;
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
