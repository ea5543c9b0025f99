package io.aicoder.examples;

import io.aicoder.eval.metric.FlakeRate;
import io.aicoder.eval.quality.CodeInspector;
import io.aicoder.eval.quality.QualityByRound;
import io.aicoder.eval.report.ComparisonReport;
import io.aicoder.eval.report.ConsoleTable;
import io.aicoder.eval.report.HtmlReport;
import io.aicoder.eval.report.JUnitReport;
import io.aicoder.eval.report.JsonReport;
import io.aicoder.eval.report.MarkdownReport;
import io.aicoder.eval.report.Report;
import io.aicoder.eval.run.RunResult;
import io.aicoder.eval.run.SavedRun;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.trajectory.Trajectory;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What is reported on a run, and the runs beside it. */
final class ReportOptions {

  private static final String TITLE = "AICoder evaluation";

  @Option(
      names = "--k",
      paramLabel = "K",
      split = ",",
      description = "report pass@k, such as 1,5,10; each at most --samples")
  private List<Integer> passAt = List.of();

  @Option(
      names = "--compare",
      paramLabel = "RUN",
      arity = "1..*",
      description =
          "output folders of finished runs to report beside this one, or alone, the baseline first")
  private List<Path> compared = List.of();

  @Option(names = "--junit", paramLabel = "FILE", description = "also write JUnit XML of this run")
  private @Nullable Path junit;

  @Option(names = "--quality", description = "measure complexity and lints, round by round")
  private boolean quality;

  @Option(
      names = "--flake-check",
      paramLabel = "N",
      description =
          "run each program N times more, and name those that do not always fare the same")
  private @Nullable Integer reruns;

  private final List<RunResult> finished = new ArrayList<>();
  private final Map<String, FlakeRate> flakes = new HashMap<>();

  /** Returns whether finished runs are to be reported. */
  boolean compares() {
    return !compared.isEmpty();
  }

  /** Returns whether a report of finished runs alone has programs to run. */
  boolean needsSandbox() {
    return quality;
  }

  /**
   * Reads the finished runs; refuses a k that no run of so many samples can have, and folders that
   * hold no run.
   *
   * @param alone whether no run is made beside them
   */
  void read(CommandLine command, int samples, boolean alone) {
    if (alone && (junit != null || reruns != null)) {
      throw new ParameterException(
          command, "--junit and --flake-check go with a run, not with --compare alone");
    }
    if (reruns != null && reruns < 2) {
      throw new ParameterException(command, "--flake-check " + reruns + ": it must be 2 or more");
    }
    for (int k : passAt) {
      if (k < 1 || k > samples) {
        throw new ParameterException(
            command,
            "--k " + k + " with --samples " + samples + ": it must be from 1 to the samples");
      }
    }
    compared.forEach(folder -> add(finished, SavedRun.read(folder), folder));
  }

  /** Runs the programs of a run again, if that was asked for. */
  void check(RunResult result, IntFunction<FlakeRate> again) {
    if (reruns != null) {
      flakes.put(result.name(), again.apply(reruns));
    }
  }

  /**
   * Writes all reports; the runs to compare with come first.
   *
   * @param result the run that was made; {@code null}: none
   * @param sandbox where quality is measured, if it is
   */
  void write(@Nullable RunResult result, Path out, @Nullable Sandbox sandbox, PrintWriter console) {
    List<RunResult> runs = new ArrayList<>(finished);
    Report report =
        new Report(TITLE, List.of(), runs(runs, result, out))
            .withPassAt(passAt)
            .withTrajectories(trajectories(runs, out));
    if (result != null && flakes.containsKey(result.name())) {
      FlakeRate rate = flakes.get(result.name());
      report = report.withFlakes(Map.of(runs.get(runs.size() - 1).name(), rate));
      console.println(flaky(rate));
    }
    if (quality && sandbox != null) {
      report = report.withQuality(quality(runs, sandbox));
    }
    HtmlReport.write(out.resolve("report.html"), report);
    JsonReport.write(out.resolve("report.json"), report);
    MarkdownReport.write(out.resolve("report.md"), report);
    if (junit != null && result != null) {
      JUnitReport.write(junit, new Report(TITLE, List.of(), List.of(result)));
    }
    console.println(ConsoleTable.render(runs));
    if (runs.size() > 1) {
      console.println(ComparisonReport.console(runs));
    }
  }

  private static List<RunResult> runs(List<RunResult> runs, @Nullable RunResult made, Path out) {
    if (made != null) {
      add(runs, made, out);
    }
    return runs;
  }

  /** What agents did stands beside the samples of their runs. */
  private Map<String, List<Trajectory>> trajectories(List<RunResult> runs, Path out) {
    Map<String, List<Trajectory>> byRun = new HashMap<>();
    for (int i = 0; i < runs.size(); i++) {
      Path folder = i < compared.size() ? compared.get(i) : out;
      Path file = folder.resolve("trajectories.jsonl");
      if (Files.exists(file)) {
        byRun.put(runs.get(i).name(), Trajectory.load(file));
      }
    }
    return byRun;
  }

  private static String flaky(FlakeRate rate) {
    StringBuilder text =
        new StringBuilder(
            String.format(
                "%d of %d programs do not always fare the same in %d reruns",
                rate.flaky().size(), rate.programs(), rate.reruns()));
    rate.flaky()
        .forEach(
            flaky ->
                text.append(String.format("%n  %s: ", flaky.taskId()))
                    .append(String.join(", ", flaky.outcomes())));
    return text.append(System.lineSeparator()).toString();
  }

  /** Runs that have one name, because they differ in a setting, are told apart by their folders. */
  private static void add(List<RunResult> runs, RunResult run, Path folder) {
    boolean taken = runs.stream().anyMatch(other -> other.name().equals(run.name()));
    runs.add(
        taken
            ? RunResult.of(run.name() + " (" + folder + ")", run.samples(), run.settings())
            : run);
  }

  private static Map<String, QualityByRound> quality(List<RunResult> runs, Sandbox sandbox) {
    CodeInspector inspector = new CodeInspector(sandbox);
    Map<String, QualityByRound> byRun = new LinkedHashMap<>();
    runs.forEach(run -> byRun.put(run.name(), inspector.byRound(run.samples())));
    return byRun;
  }
}
