package io.aicoder.examples;

import io.aicoder.AiCoder;
import io.aicoder.CodeModel;
import io.aicoder.eval.agent.Agent;
import io.aicoder.eval.agent.CoderGen;
import io.aicoder.eval.agent.GenerationOptions;
import io.aicoder.eval.agent.OneShot;
import io.aicoder.eval.agent.PromptTemplates;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.report.ConsoleTable;
import io.aicoder.eval.report.HtmlReport;
import io.aicoder.eval.report.JsonReport;
import io.aicoder.eval.report.Report;
import io.aicoder.eval.run.ConsoleProgress;
import io.aicoder.eval.run.Evaluation;
import io.aicoder.eval.run.GateReport;
import io.aicoder.eval.run.GroundTruthGate;
import io.aicoder.eval.run.ProgressListener;
import io.aicoder.eval.run.RunResult;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.TaskSet;
import io.aicoder.llama.ComputeType;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The whole way: loads the embedded model, generates a program for every task, runs and repairs
 * them, with and without the LoRA adapter, and prints the paper's table in small.
 */
@Command(
    name = "Quickstart",
    description = "From the embedded model to the scored table; the same as mvn -Pquickstart.")
final class Quickstart implements Callable<Integer> {

  @Mixin private HelpOption help = new HelpOption();

  private static final Path NANO = Path.of("examples", "nano");
  private static final String ADAPTER = "aicoder";

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "target/quickstart",
      description = "gets the report and the samples; default ${DEFAULT-VALUE}")
  @SuppressWarnings("NullAway.Init") // has a default
  private Path folder;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "1",
      description = "the most repairs of CoderGen; default ${DEFAULT-VALUE}")
  private int rounds;

  private final PrintStream out = System.out;
  private final ProgressListener progress = ConsoleProgress.to(System.out);

  @Override
  public Integer call() {
    out.println("AICoder quickstart: results go to " + folder);
    Surroundings surroundings = Surroundings.provide(line -> out.println("  " + line));
    TaskSet tasks = TaskSet.load(NANO.resolve("tasks/test.jsonl"));
    int workers = Runtime.getRuntime().availableProcessors();
    try (Sandbox sandbox = surroundings.sandbox(workers);
        Replicas model = new Replicas(workers, Quickstart::load)) {
      GateReport gate =
          new GroundTruthGate(
                  sandbox, Limits.DEFAULT, surroundings.description(), workers, progress)
              .check(tasks, Set.of(), folder);
      out.printf(
          "%d of %d references pass; %d parameters in the model%n",
          gate.runnable().size(), tasks.size(), model.one().config().parameters());
      List<RunResult> rows = new ArrayList<>();
      for (Row row : rows()) {
        rows.add(run(row, tasks, gate, model, sandbox, surroundings, workers));
      }
      report(rows);
      show(rows.get(rows.size() - 1));
    }
    return 0;
  }

  private static AiCoder load() {
    AiCoder coder =
        AiCoder.builder(NANO.resolve("base"))
            .optComputeType(ComputeType.FP32)
            .optThreads(1)
            .build();
    coder.loadAdapter(ADAPTER, NANO.resolve("finetuned"));
    return coder;
  }

  /** One row of the table. */
  private record Row(String name, String folder, Agent agent, @Nullable String adapter) {}

  private List<Row> rows() {
    Agent codergen = new CoderGen(PromptTemplates.standard(), rounds);
    return List.of(
        new Row("base", "base", new OneShot(), null),
        new Row("base + CoderGen", "base-codergen", codergen, null),
        new Row("adapter", "adapter", new OneShot(), ADAPTER),
        new Row("adapter + CoderGen", "adapter-codergen", codergen, ADAPTER));
  }

  private RunResult run(
      Row row,
      TaskSet tasks,
      GateReport gate,
      CodeModel model,
      Sandbox sandbox,
      Surroundings surroundings,
      int workers) {
    return Evaluation.builder()
        .setTasks(tasks)
        .setModel(model)
        .setSandbox(sandbox)
        .setFolder(folder.resolve(row.folder()))
        .optName(row.name())
        .optAgent(row.agent())
        .optOptions(GenerationOptions.GREEDY.withAdapter(row.adapter()))
        .optGate(gate)
        .optEnvironment(surroundings.description())
        .optWorkers(workers)
        .optListener(progress)
        .build()
        .run();
  }

  private void report(List<RunResult> rows) {
    Report report =
        new Report(
            "AICoder quickstart",
            List.of(
                "The embedded nano model (7 M parameters) on the 125 offline test tasks, greedy decoding in fp32.",
                "CoderGen may repair a program "
                    + (rounds == 1 ? "once" : rounds + " times")
                    + "; it sees the output of the tests that score it."),
            rows);
    HtmlReport.write(folder.resolve("report.html"), report);
    JsonReport.write(folder.resolve("report.json"), report);
    out.println();
    out.println(ConsoleTable.render(rows));
    out.println("Open " + folder.resolve("report.html") + " for charts and every program.");
  }

  /** Shows a task that took a program of some lines and passed. */
  private void show(RunResult row) {
    row.samples().stream()
        .filter(sample -> sample.best().verdict().equals("passed"))
        .max((a, b) -> Integer.compare(a.best().lines(), b.best().lines()))
        .map(Sample::best)
        .ifPresent(
            step -> {
              out.println();
              out.println("One of the tasks:");
              out.println(step.prompt().indent(4));
              out.println("The program that " + row.name() + " generated:");
              out.println(step.code().indent(4));
              out.println("What running it with its test printed:");
              out.println(step.stdout().indent(4));
            });
  }
}
