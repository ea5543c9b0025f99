package io.aicoder.eval.report;

import io.aicoder.eval.metric.Bootstrap;
import io.aicoder.eval.metric.Estimate;
import io.aicoder.eval.metric.FlakeRate;
import io.aicoder.eval.metric.Metric;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.quality.QualityByRound;
import io.aicoder.eval.run.RunResult;
import io.aicoder.eval.trajectory.Trajectory;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a report shows: finished runs side by side, under a title.
 *
 * @param title the heading
 * @param notes what a reader should know before the figures, a sentence each; plain text
 * @param runs one row each, in this order; runs over the same tasks, each with a name of its own
 * @param passAt for which k to show pass@k; none for no such figure
 * @param quality complexity and lints by the run's name, for the runs where they were measured
 * @param flakes what running the programs again showed, by the run's name, where that was done
 * @param trajectories what agents did, by the run's name, where that was kept; the page shows the
 *     turns of those that used tools
 */
public record Report(
    String title,
    List<String> notes,
    List<RunResult> runs,
    List<Integer> passAt,
    Map<String, QualityByRound> quality,
    Map<String, FlakeRate> flakes,
    Map<String, List<Trajectory>> trajectories) {

  /** Makes a report of runs alone. */
  public Report(String title, List<String> notes, List<RunResult> runs) {
    this(title, notes, runs, List.of(), Map.of(), Map.of(), Map.of());
  }

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException when there is no run, or two have one name
   */
  public Report {
    notes = List.copyOf(notes);
    runs = List.copyOf(runs);
    passAt = passAt.stream().distinct().sorted().toList();
    quality = Map.copyOf(quality);
    flakes = Map.copyOf(flakes);
    trajectories = Map.copyOf(trajectories);
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("runs is empty: a report shows one run at least");
    }
    Set<String> names = new HashSet<>();
    for (RunResult run : runs) {
      if (!names.add(run.name())) {
        throw new IllegalArgumentException(
            "runs: two are named '" + run.name() + "'; give each a name of its own");
      }
    }
  }

  /**
   * Returns a run's figures for pass@k, in the order of k.
   *
   * @throws io.aicoder.error.AiCoderException (INPUT) naming the task that has fewer samples than k
   */
  SortedMap<Integer, Estimate> passAt(RunResult run) {
    SortedMap<Integer, Estimate> figures = new TreeMap<>();
    for (int k : passAt) {
      figures.put(k, new Metric.PassAt(k).over(run.samples(), Bootstrap.STANDARD));
    }
    return figures;
  }

  /** Returns the same report with pass@k. */
  public Report withPassAt(List<Integer> values) {
    return new Report(title, notes, runs, values, quality, flakes, trajectories);
  }

  /** Returns the same report with code quality, by the run's name. */
  public Report withQuality(Map<String, QualityByRound> values) {
    return new Report(title, notes, runs, passAt, values, flakes, trajectories);
  }

  /** Returns the same report with what running programs again showed, by the run's name. */
  public Report withFlakes(Map<String, FlakeRate> values) {
    return new Report(title, notes, runs, passAt, quality, values, trajectories);
  }

  /** Returns the same report with what agents did, by the run's name. */
  public Report withTrajectories(Map<String, List<Trajectory>> values) {
    return new Report(title, notes, runs, passAt, quality, flakes, values);
  }

  /** Tells whether a run's agent saw other tests than those that score it. */
  static boolean isBlind(RunResult run) {
    return run.samples().stream()
        .anyMatch(sample -> !sample.steps().stream().allMatch(Sample.Step::isScored));
  }

  /** Tells whether it is known of a run what it cost. */
  static boolean hasCost(RunResult run) {
    return run.scores().usd() != null;
  }

  /**
   * Tells whether a run tried a task again after the tests that score it had run: its figures are
   * not blind. Steps that other tests judged do not count.
   */
  static boolean seesTests(RunResult run) {
    return run.samples().stream()
        .anyMatch(sample -> sample.steps().stream().filter(Sample.Step::isScored).count() > 1);
  }
}
