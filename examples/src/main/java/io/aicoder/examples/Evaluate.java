package io.aicoder.examples;

import io.aicoder.AiCoder;
import io.aicoder.CodeModel;
import io.aicoder.eval.agent.GenerationOptions;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.run.AnswersFile;
import io.aicoder.eval.run.ConsoleProgress;
import io.aicoder.eval.run.Evaluation;
import io.aicoder.eval.run.FlakeCheck;
import io.aicoder.eval.run.GateReport;
import io.aicoder.eval.run.LimitScale;
import io.aicoder.eval.run.RunResult;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.TaskSet;
import io.aicoder.llama.ComputeType;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Scores a model, or programs made elsewhere, on a benchmark; or compares finished runs. */
@Command(
    name = "Evaluate",
    description = "Scores a model, or programs made elsewhere, on a benchmark file.")
final class Evaluate implements Callable<Integer> {

  private static final String ADAPTER = "adapter";

  @Mixin private HelpOption help = new HelpOption();

  @Mixin private TaskOptions taskOptions = new TaskOptions();

  @ArgGroup private @Nullable Source source;

  /** A model, a file of answers, or the references. */
  private static final class Source {
    @ArgGroup(exclusive = false)
    private @Nullable AdaptedModel model;

    @Option(
        names = "--answers",
        paramLabel = "FILE",
        description =
            "score programs made elsewhere: JSONL with task_id or path, and solution or completion")
    private @Nullable Path answers;

    @Option(
        names = "--references",
        required = true,
        description = "score the tasks' own references: all should pass")
    private boolean references;
  }

  /** A model with or without an adapter. */
  private static final class AdaptedModel extends ModelSource {
    @Option(
        names = "--adapter",
        paramLabel = "DIR|NAME",
        description = "a PEFT LoRA directory to apply; with --endpoint an adapter's name there")
    private @Nullable String adapter;

    @Override
    AiCoder local(AiCoder.Builder builder) {
      AiCoder coder = super.local(builder);
      if (adapter != null) {
        coder.loadAdapter(ADAPTER, Path.of(adapter));
      }
      return coder;
    }

    @Nullable String adapterName() {
      return adapter == null || !isLocal() ? adapter : ADAPTER;
    }
  }

  @Mixin private ModelOptions modelOptions = new ModelOptions();

  @Mixin private AgentOptions agentOptions = new AgentOptions();

  @Mixin private LimitOptions limitOptions = new LimitOptions();

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "1",
      description = "samples a task; with more than 1, the paper's sampling unless told otherwise")
  private int samples;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "0: greedy, the default for one sample")
  private @Nullable Double temperature;

  @Option(names = "--top-p", paramLabel = "P", description = "sample from the nucleus of mass P")
  private @Nullable Double topP;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description = "the most tokens of a first program; repairs get a quarter more")
  private @Nullable Integer maxNewTokens;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "what all sampling derives from")
  private long seed;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "tasks worked on at once; one a core when absent")
  private @Nullable Integer workers;

  @Mixin private ReportOptions reportOptions = new ReportOptions();

  @Option(
      names = "--network",
      paramLabel = "DIR",
      description = "let programs use the network, and share what they download in this folder")
  private @Nullable Path downloads;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "gets samples.jsonl, solutions.jsonl, report.html, report.json and report.md")
  @SuppressWarnings("NullAway.Init") // required
  private Path out;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Override
  public Integer call() {
    Source scored = source;
    check(scored);
    reportOptions.read(
        spec.commandLine(),
        scored == null || scored.model == null ? Integer.MAX_VALUE : samples,
        scored == null);
    if (scored == null && !reportOptions.needsSandbox()) {
      return report(null, null);
    }
    Surroundings surroundings = Surroundings.provide(System.err::println);
    try (Sandbox sandbox = surroundings.sandbox(workers(), downloads)) {
      return scored == null
          ? report(null, sandbox)
          : score(scored, taskOptions.load(), surroundings, sandbox);
    }
  }

  private void check(@Nullable Source scored) {
    if (scored == null) {
      if (!reportOptions.compares()) {
        throw new ParameterException(
            spec.commandLine(),
            "give --model, --replay, --answers, --references, or --compare with finished runs");
      }
    } else if (scored.model != null) {
      scored.model.check(spec.commandLine());
      agentOptions.check(spec.commandLine(), generation().temperature());
    } else if (agentOptions.isAsked() || samples != 1) {
      throw new ParameterException(
          spec.commandLine(),
          "--agent and --samples go with a model, not with "
              + (scored.references ? "--references" : "--answers"));
    }
  }

  private int score(Source scored, TaskSet tasks, Surroundings surroundings, Sandbox sandbox) {
    Evaluation.Builder evaluation =
        Evaluation.builder()
            .setTasks(tasks)
            .setSandbox(sandbox)
            .setFolder(out)
            .optEnvironment(surroundings.description())
            .optLimitScale(limitOptions.scale())
            .optSeed(seed)
            .optWorkers(workers())
            .optListener(ConsoleProgress.to(System.err));
    RunResult result;
    int failed = 0;
    if (scored.model != null) {
      result = model(scored.model, evaluation, surroundings, sandbox);
    } else if (scored.answers != null) {
      result = answers(scored.answers, evaluation, tasks);
    } else {
      result = references(evaluation, tasks);
      failed = nameFailures(result);
    }
    reportOptions.check(
        result,
        rerun -> {
          LimitScale scale = limitOptions.scale();
          Limits limits = scale == null ? Limits.DEFAULT : scale.ceiling();
          return new FlakeCheck(sandbox, limits, workers(), ConsoleProgress.to(System.err))
              .check(tasks, result.samples(), rerun);
        });
    AnswersFile.write(out.resolve("solutions.jsonl"), result.samples());
    report(result, sandbox);
    return failed == 0 ? 0 : Examples.FAILED;
  }

  /** The references are what is scored, so that no gate may stop them. */
  private static RunResult references(Evaluation.Builder evaluation, TaskSet tasks) {
    return evaluation
        .setAnswers(AnswersFile.references(tasks))
        .optGate(new GateReport(tasks, new TreeMap<>(), new TreeSet<>()))
        .build()
        .run();
  }

  /** Names the references that do not pass, and counts those that fail by themselves. */
  private static int nameFailures(RunResult result) {
    int failed = 0;
    for (Sample sample : result.samples()) {
      Sample.Step best = sample.best();
      if (!best.passed()) {
        failed += best.spoilt() ? 0 : 1;
        System.err.println(sample.taskId() + ": " + best.verdict() + ", " + best.detail());
      }
    }
    return failed;
  }

  private int workers() {
    return workers == null ? Runtime.getRuntime().availableProcessors() : workers;
  }

  private RunResult model(
      AdaptedModel adapted,
      Evaluation.Builder evaluation,
      Surroundings surroundings,
      Sandbox sandbox) {
    // Scores should not hang on how a kernel rounds.
    try (CodeModel model = adapted.open(modelOptions, ComputeType.FP32);
        AgentOptions.Opened agent = agentOptions.open(surroundings.python(), sandbox)) {
      return evaluation
          .setModel(model)
          .optAgent(agent.agent())
          .optFeedback(agentOptions.feedback())
          .optBudget(agentOptions.budget())
          .optSamples(samples)
          .optOptions(generation().withAdapter(adapted.adapterName()))
          .build()
          .run();
    }
  }

  private GenerationOptions generation() {
    GenerationOptions options =
        GenerationOptions.GREEDY
            .withTemperature(
                temperature != null
                    ? temperature
                    : samples == 1 ? 0 : GenerationOptions.PAPER.temperature())
            .withTopP(topP != null || samples == 1 ? topP : GenerationOptions.PAPER.topP());
    return maxNewTokens == null
        ? options
        : options.withTokens(
            maxNewTokens, options.suggestionTokens(), maxNewTokens + maxNewTokens / 4);
  }

  private static RunResult answers(Path file, Evaluation.Builder evaluation, TaskSet tasks) {
    AnswersFile answers = AnswersFile.load(file, tasks);
    if (!answers.missing().isEmpty()) {
      System.err.println(
          "tasks without an answer, counted as failed: " + String.join(", ", answers.missing()));
    }
    return evaluation.setAnswers(answers).build().run();
  }

  private int report(@Nullable RunResult result, @Nullable Sandbox sandbox) {
    PrintWriter console = spec.commandLine().getOut();
    reportOptions.write(result, out, sandbox, console);
    console.println(
        "written: "
            + out.resolve("report.html")
            + ", report.json, report.md"
            + (result == null ? "" : ", samples.jsonl, solutions.jsonl"));
    console.flush();
    return 0;
  }
}
