package io.aicoder.eval.build;

import io.aicoder.CodeModel;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.build.source.Documentation;
import io.aicoder.eval.build.source.Section;
import io.aicoder.eval.remote.PricedModel;
import io.aicoder.eval.run.ProgressListener;
import io.aicoder.eval.run.Workers;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.TaskSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One job that makes a dataset of tested functions from library documentation, as the paper does.
 *
 * {@snippet :
 * BuildResult result =
 *     DatasetBuilder.builder()
 *         .setDocumentation(DocumentFolder.builder(Path.of("docs")).read())
 *         .setModel(RemoteModel.builder("https://api.openai.com/v1", "gpt-4o").build())
 *         .setSandbox(sandbox)
 *         .setFolder(Path.of("dataset"))
 *         .build()
 *         .run();
 * }
 *
 * <p>For each section the model is asked for a function with its test. What has not the six fields,
 * or does not pass its own test, is fed back up to a number of times. Functions that pass are run
 * once more; near-duplicates are left out; whole documents go to the test split; training gets
 * nothing that gives a test away. See {@code docs/dataset.md}.
 *
 * <p>Every answer of the model and every run of a program is kept in the folder's {@code job},
 * forced to the disk, before it is used: a job that was stopped, however it was, goes on without
 * asking again for what it was answered, and ends with the same dataset.
 */
public final class DatasetBuilder {

  private final BuildPlan plan;

  private DatasetBuilder(BuildPlan plan) {
    this.plan = plan;
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /** A function to make. */
  private record Order(Section section, int variant) {}

  /**
   * Runs the job, or what is left of it.
   *
   * @throws AiCoderException (INPUT) when there is no section to work with, (ENVIRONMENT) when
   *     sandbox or folder cannot be used, and what the model throws; whatever was answered and run
   *     until then is kept
   */
  public BuildResult run() {
    List<Section> sections = distinct(plan.documentation().sections());
    if (sections.isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.INPUT,
          "the documentation has no section that is long enough ("
              + plan.documentation().tooShort()
              + " are too short); give more of it, or allow shorter sections");
    }
    Path job = plan.folder().resolve("job");
    try (Memory<Answer> answers =
            new Memory<>(job.resolve("answers.jsonl"), Answer.class, Answer::key);
        Memory<Trial> trials = new Memory<>(job.resolve("trials.jsonl"), Trial.class, Trial::key)) {
      TestBench bench = new TestBench(plan.sandbox(), plan.limits(), plan.environment(), trials);
      FunctionWriter writer =
          new FunctionWriter(
              new Generator(plan.model(), plan.sampling(), answers),
              bench,
              plan.prompts(),
              plan.demands(),
              answers.size() > 0);
      List<Candidate> written = write(sections, writer);
      List<Candidate> confirmed = confirm(written, bench);
      return finish(sections.size(), written, confirmed);
    }
  }

  /** Repeated text, as of the versions of a page, is worked with once. */
  private static List<Section> distinct(List<Section> sections) {
    Set<String> seen = new HashSet<>();
    return sections.stream().filter(section -> seen.add(section.text())).toList();
  }

  private List<Candidate> write(List<Section> sections, FunctionWriter writer) {
    List<Order> orders = new ArrayList<>();
    for (Section section : sections) {
      for (int variant = 0; variant < plan.functionsPerSection(); variant++) {
        orders.add(new Order(section, variant));
      }
    }
    KeptProgress progress = new KeptProgress("functions", orders.size(), plan.listener());
    try {
      return new Workers("functions")
          .run(
              plan.workers(),
              orders,
              order -> progress.count(writer.write(order.section(), order.variant())));
    } finally {
      progress.end();
    }
  }

  /** A function that does not do the same twice would fail somebody's ground-truth gate. */
  private List<Candidate> confirm(List<Candidate> candidates, TestBench bench) {
    KeptProgress progress = new KeptProgress("second runs", candidates.size(), plan.listener());
    UnaryOperator<Candidate> again =
        candidate -> {
          if (!candidate.isKept()) {
            return candidate;
          }
          Trial second = bench.run(candidate.task(candidate.kept().name(), ""), 2);
          Trial first = candidate.trial();
          return first != null && first.agrees(second)
              ? candidate
              : candidate.rejected(Rejection.FLAKY, "the second time: " + second.summary());
        };
    try {
      return new Workers("second runs")
          .run(plan.workers(), candidates, candidate -> progress.count(again.apply(candidate)));
    } finally {
      progress.end();
    }
  }

  private BuildResult finish(int sections, List<Candidate> written, List<Candidate> confirmed) {
    Selection.Selected selected = Selection.of(plan.rules(), confirmed);
    DatasetFiles files = new DatasetFiles(plan.folder(), plan.domain());
    TaskSet train = files.split("train", selected.train());
    TaskSet test = files.split("test", selected.test());
    files.rejected(selected.candidates());
    Map<String, Integer> stages =
        Stages.of(plan.documentation(), sections, written, confirmed, selected);
    Datasheet sheet =
        Datasheet.of(
            plan.description(),
            stages,
            selected,
            plan.documentation().unreadable(),
            plan.model() instanceof PricedModel priced ? priced.prices() : null);
    files.datasheet(sheet);
    return new BuildResult(train, test, sheet);
  }

  /** Collects options. Not thread-safe. */
  public static final class Builder {

    private static final int DEFAULT_TOKENS = 4096;
    private static final double DEFAULT_TEMPERATURE = 0.6;
    private static final double DEFAULT_THRESHOLD = 0.7;
    private static final double DEFAULT_SHARE = 0.2;

    private @Nullable Documentation documentation;
    private @Nullable CodeModel model;
    private @Nullable Sandbox sandbox;
    private @Nullable Path folder;
    private Limits limits = Limits.DEFAULT;
    private String environment = "";
    private List<String> installed = List.of();
    private PromptFolder prompts = PromptFolder.standard();
    private KeepPolicy policy = KeepPolicy.ALL;
    private boolean checkTests = true;
    private int repairs = 3;
    private int functionsPerSection = 1;
    private int workers = 1;
    private double temperature = DEFAULT_TEMPERATURE;
    private int maxNewTokens = DEFAULT_TOKENS;
    private long seed;
    private double duplicateThreshold = DEFAULT_THRESHOLD;
    private double testShare = DEFAULT_SHARE;
    private Map<String, TaskSet> against = Map.of();
    private String domain = "";
    private ProgressListener listener = ProgressListener.SILENT;

    private Builder() {}

    /** Sets what functions are made of. */
    public Builder setDocumentation(Documentation value) {
      documentation = value;
      return this;
    }

    /** Sets who writes them; stays the caller's. */
    public Builder setModel(CodeModel value) {
      model = value;
      return this;
    }

    /** Sets where they run; stays the caller's. */
    public Builder setSandbox(Sandbox value) {
      sandbox = value;
      return this;
    }

    /** Sets where the dataset goes, and what a stopped job needs to go on. */
    public Builder setFolder(Path value) {
      folder = value;
      return this;
    }

    /** Sets what a program may use; without: {@link Limits#DEFAULT}. */
    public Builder optLimits(Limits value) {
      limits = value;
      return this;
    }

    /** Names interpreter and libraries: when they change, programs are run again. */
    public Builder optEnvironment(String value) {
      environment = value;
      return this;
    }

    /** Names the libraries that programs may use, for the prompt; without: it says nothing. */
    public Builder optInstalled(List<String> value) {
      installed = List.copyOf(value);
      return this;
    }

    /** Sets the prompts; without: {@link PromptFolder#standard()}. */
    public Builder optPrompts(PromptFolder value) {
      prompts = value;
      return this;
    }

    /** Sets which functions are kept; without: {@link KeepPolicy#ALL}. */
    public Builder optPolicy(KeepPolicy value) {
      policy = value;
      return this;
    }

    /**
     * Sets whether a test is refused that succeeds with a function that does nothing; without: it
     * is.
     */
    public Builder optCheckTests(boolean value) {
      checkTests = value;
      return this;
    }

    /** Sets how often what went wrong is fed back, 0 or more; without: 3 times. */
    public Builder optRepairs(int value) {
      require(value >= 0, "repairs", value, "0 or more");
      repairs = value;
      return this;
    }

    /** Sets how many functions are asked for of each section, 1 or more; without: 1. */
    public Builder optFunctionsPerSection(int value) {
      require(value >= 1, "functionsPerSection", value, "1 or more");
      functionsPerSection = value;
      return this;
    }

    /** Sets how many functions are worked on at once, 1 or more; without: 1. */
    public Builder optWorkers(int value) {
      require(value >= 1, "workers", value, "1 or more");
      workers = value;
      return this;
    }

    /** Sets the temperature, 0 or more; without: 0.6. */
    public Builder optTemperature(double value) {
      require(value >= 0 && value < Double.POSITIVE_INFINITY, "temperature", value, "0 or more");
      temperature = value;
      return this;
    }

    /** Sets the most tokens of an answer, 1 or more; without: 4,096. */
    public Builder optMaxNewTokens(int value) {
      require(value >= 1, "maxNewTokens", value, "1 or more");
      maxNewTokens = value;
      return this;
    }

    /** Sets what sampling and splitting derive from; without: 0. */
    public Builder optSeed(long value) {
      seed = value;
      return this;
    }

    /**
     * Sets the Jaccard similarity from which on two functions count as nearly the same, above 0 and
     * up to 1; without: 0.7.
     */
    public Builder optDuplicateThreshold(double value) {
      require(value > 0 && value <= 1, "duplicateThreshold", value, "above 0 and up to 1");
      duplicateThreshold = value;
      return this;
    }

    /** Sets the share of tasks in the test split, 0 or more and below 1; without: 0.2. */
    public Builder optTestShare(double value) {
      require(value >= 0 && value < 1, "testShare", value, "0 or more and below 1");
      testShare = value;
      return this;
    }

    /**
     * Names other benchmarks, of which training must not give tasks away.
     *
     * @param benchmarks by what they are called in files
     */
    public Builder optAgainst(Map<String, TaskSet> benchmarks) {
      against = new TreeMap<>(benchmarks);
      return this;
    }

    /** Sets the AI domain of the tasks; without: none. */
    public Builder optDomain(String value) {
      domain = value;
      return this;
    }

    /** Sets who hears about the progress; without: nobody. */
    public Builder optListener(ProgressListener value) {
      listener = value;
      return this;
    }

    private static void require(boolean holds, String name, Object value, String range) {
      if (!holds) {
        throw new IllegalArgumentException(name + " is " + value + ": it must be " + range);
      }
    }

    /**
     * Returns the job.
     *
     * @throws IllegalArgumentException when something is not set, or when several functions of a
     *     section are asked for greedily, which would all be the same
     */
    public DatasetBuilder build() {
      require(
          functionsPerSection == 1 || temperature > 0,
          "functionsPerSection",
          functionsPerSection,
          "1 at temperature 0");
      return new DatasetBuilder(
          new BuildPlan(
              present(documentation, "documentation"),
              present(model, "model"),
              present(sandbox, "sandbox"),
              present(folder, "folder"),
              limits,
              environment,
              prompts,
              new Generator.Sampling(temperature, maxNewTokens, seed),
              new FunctionWriter.Demands(policy, repairs, checkTests, installed),
              new Selection.Rules(duplicateThreshold, testShare, seed, against),
              functionsPerSection,
              workers,
              domain,
              listener));
    }

    private static <T> T present(@Nullable T value, String what) {
      if (value == null) {
        throw new IllegalArgumentException(what + " is not set");
      }
      return value;
    }
  }
}
