package io.aicoder.examples;

import io.aicoder.CodeModel;
import io.aicoder.eval.build.BuildResult;
import io.aicoder.eval.build.DatasetBuilder;
import io.aicoder.eval.build.KeepPolicy;
import io.aicoder.eval.build.PromptFolder;
import io.aicoder.eval.build.source.DocumentFolder;
import io.aicoder.eval.build.source.Documentation;
import io.aicoder.eval.build.source.PythonDocstrings;
import io.aicoder.eval.build.source.SectionSizes;
import io.aicoder.eval.run.ConsoleProgress;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.TaskSet;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes a dataset of tested functions from library documentation. */
@Command(
    name = "BuildDataset",
    description = "Makes a dataset of tested functions from library documentation.")
final class BuildDataset implements Callable<Integer> {

  @Mixin private HelpOption help = new HelpOption();

  @Option(
      names = "--docs",
      paramLabel = "DIR",
      description = "a folder with .md, .rst, .html and .ipynb files")
  private @Nullable Path docs;

  @Option(
      names = "--python",
      paramLabel = "MODULE",
      split = ",",
      description = "Python modules whose docstrings are used, such as torch.nn.functional")
  private List<String> modules = List.of();

  @Option(names = "--library", paramLabel = "NAME", description = "what --docs documents")
  private @Nullable String library;

  @Option(
      names = "--exclude",
      paramLabel = "GLOB",
      split = ",",
      description = "files below --docs to leave out")
  private List<String> excluded = List.of();

  @Option(names = "--skip-unreadable", description = "leave out files that cannot be read")
  private boolean skipUnreadable;

  @Option(
      names = "--section-characters",
      paramLabel = "MIN-MAX",
      defaultValue = "200-6000",
      description = "how long sections are; default ${DEFAULT-VALUE}")
  private String sizes = "200-6000";

  @ArgGroup(exclusive = false, multiplicity = "1")
  @SuppressWarnings("NullAway.Init") // required
  private ModelSource source;

  @Mixin private ModelOptions modelOptions = new ModelOptions();

  /** Policies by the names people type. */
  enum Policy {
    all,
    any
  }

  @Option(
      names = "--keep",
      paramLabel = "POLICY",
      defaultValue = "all",
      description = "all: every case succeeds; any: one at least, for training; default all")
  private Policy policy = Policy.all;

  @Option(
      names = "--repairs",
      paramLabel = "N",
      defaultValue = "3",
      description = "how often an error is fed back; default ${DEFAULT-VALUE}")
  private int repairs;

  @Option(
      names = "--functions",
      paramLabel = "N",
      defaultValue = "1",
      description = "functions asked for of each section; default ${DEFAULT-VALUE}")
  private int functions;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0.6",
      description = "default ${DEFAULT-VALUE}")
  private double temperature;

  @Option(
      names = "--test-share",
      paramLabel = "S",
      defaultValue = "0.2",
      description = "the share of the test split; default ${DEFAULT-VALUE}")
  private double testShare;

  @Option(
      names = "--against",
      paramLabel = "FILE",
      split = ",",
      description = "benchmarks of which training must not give tasks away")
  private List<Path> against = List.of();

  @Option(
      names = "--prompts",
      paramLabel = "DIR",
      description = "your own generate.jinja, reshape.jinja or repair.jinja")
  private @Nullable Path prompts;

  @Option(names = "--seed", paramLabel = "S", defaultValue = "0", description = "which draw")
  private long seed;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "functions worked on at once; one a core when absent")
  private @Nullable Integer workers;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "gets the dataset and what a stopped job needs to go on")
  @SuppressWarnings("NullAway.Init") // required
  private Path out;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Override
  public Integer call() {
    if (docs == null && modules.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "give --docs, --python or both");
    }
    source.check(spec.commandLine());
    int threads = workers == null ? Runtime.getRuntime().availableProcessors() : workers;
    SectionSizes sectionSizes = sectionSizes();
    Surroundings surroundings = Surroundings.provide(System.err::println);
    try (CodeModel model = source.open(modelOptions, null);
        Sandbox sandbox = surroundings.sandbox(threads)) {
      BuildResult result =
          DatasetBuilder.builder()
              .setDocumentation(documentation(sandbox, sectionSizes))
              .setModel(model)
              .setSandbox(sandbox)
              .setFolder(out)
              .optEnvironment(surroundings.description())
              .optInstalled(surroundings.libraries())
              .optPrompts(prompts == null ? PromptFolder.standard() : PromptFolder.load(prompts))
              .optPolicy(policy == Policy.all ? KeepPolicy.ALL : KeepPolicy.ANY)
              .optRepairs(repairs)
              .optFunctionsPerSection(functions)
              .optTemperature(temperature)
              .optTestShare(testShare)
              .optAgainst(benchmarks())
              .optSeed(seed)
              .optWorkers(threads)
              .optListener(ConsoleProgress.to(System.err))
              .build()
              .run();
      return report(result);
    }
  }

  private SectionSizes sectionSizes() {
    if (!sizes.matches("\\d{1,8}-\\d{1,8}")) {
      throw new ParameterException(
          spec.commandLine(), "--section-characters " + sizes + ": write it as 200-6000");
    }
    String[] ends = sizes.split("-");
    return new SectionSizes(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]));
  }

  private Documentation documentation(Sandbox sandbox, SectionSizes sectionSizes) {
    Documentation docstrings =
        modules.isEmpty() ? null : PythonDocstrings.read(sandbox, modules, sectionSizes);
    if (docs == null) {
      return Objects.requireNonNull(docstrings);
    }
    Documentation folder =
        DocumentFolder.builder(docs)
            .optLibrary(library)
            .optExcluded(excluded)
            .optSkipUnreadable(skipUnreadable)
            .optSizes(sectionSizes)
            .read();
    return docstrings == null ? folder : folder.and(docstrings);
  }

  private Map<String, TaskSet> benchmarks() {
    Map<String, TaskSet> benchmarks = new TreeMap<>();
    against.forEach(file -> benchmarks.put(String.valueOf(file.getFileName()), TaskSet.load(file)));
    return benchmarks;
  }

  private int report(BuildResult result) {
    PrintWriter console = spec.commandLine().getOut();
    result.datasheet().stages().forEach((stage, left) -> console.printf("%6d %s%n", left, stage));
    result
        .datasheet()
        .rejections()
        .forEach((reason, count) -> console.printf("%6d rejected: %s%n", count, reason));
    console.println("written: " + out.resolve("train.jsonl") + ", test.jsonl, datasheet.md, …");
    console.flush();
    boolean empty = result.train().size() + result.test().size() == 0;
    if (empty) {
      System.err.println("error: no function was kept: rejected.jsonl says why of each");
    }
    return empty ? Examples.FAILED : 0;
  }
}
