package io.aicoder.finetune.log;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What the page of curves shows: its texts, and the points of its curves. */
final class CurvesModel {

  /** More points than this have no place of their own on a screen. */
  static final int MOST_POINTS = 2000;

  private static final double GIB = 1L << 30;

  private final RunHistory history;

  CurvesModel(RunHistory history) {
    this.history = history;
  }

  private @Nullable StepMetrics last() {
    List<StepMetrics> steps = history.steps();
    return steps.isEmpty() ? null : steps.get(steps.size() - 1);
  }

  String summary() {
    StepMetrics last = last();
    return last == null
        ? "No step has been done yet."
        : String.format(
            Locale.ROOT,
            "%,d steps · %.2f epochs · %,d tokens · %s",
            last.step(),
            last.epoch(),
            last.tokens(),
            TrainingProgress.time(Math.round(last.elapsedSeconds())));
  }

  /** Returns a sentence about how it ended, or that it has not. */
  String state() {
    RunSummary summary = history.summary();
    if (summary == null) {
      return "Not finished when this page was written.";
    }
    String remark = summary.remark().isEmpty() ? "." : ": " + summary.remark();
    return switch (summary.ending()) {
      case COMPLETED -> "Finished" + remark;
      case STOPPED_EARLY -> "Stopped early" + remark;
      case STOPPED -> "Stopped on request" + remark;
      case FAILED -> "Failed" + remark;
    };
  }

  /** Returns the figures that stand large on top: names to values with a remark. */
  List<Map<String, String>> tiles() {
    List<Map<String, String>> tiles = new ArrayList<>();
    StepMetrics last = last();
    if (last == null) {
      return tiles;
    }
    int tail = Math.max(1, history.steps().size() / 20);
    List<StepMetrics> ending =
        history.steps().subList(history.steps().size() - tail, history.steps().size());
    double loss = ending.stream().mapToDouble(StepMetrics::loss).average().orElse(Double.NaN);
    tiles.add(tile("Training loss", number(loss), tail > 1 ? "mean of the last 5 %" : "last step"));
    addBestLoss(tiles);
    scoreNames().forEach(name -> addBestScore(tiles, name));
    tiles.add(
        tile(
            "Speed",
            String.format(Locale.ROOT, "%,.0f", last.tokens() / last.elapsedSeconds()),
            "tokens a second, all in all"));
    history.steps().stream()
        .map(StepMetrics::residentBytes)
        .filter(bytes -> bytes != null)
        .mapToLong(Long::longValue)
        .max()
        .ifPresent(
            bytes ->
                tiles.add(
                    tile(
                        "Memory",
                        String.format(Locale.ROOT, "%.2f GiB", bytes / GIB),
                        "most that the process held")));
    return tiles;
  }

  private void addBestLoss(List<Map<String, String>> tiles) {
    EvaluationMetrics best = null;
    double lowest = Double.POSITIVE_INFINITY;
    for (EvaluationMetrics evaluation : history.evaluations()) {
      Double loss = evaluation.validationLoss();
      if (loss != null && loss < lowest) {
        lowest = loss;
        best = evaluation;
      }
    }
    if (best != null) {
      tiles.add(tile("Validation loss", number(lowest), "lowest, after step " + best.step()));
    }
  }

  private void addBestScore(List<Map<String, String>> tiles, String name) {
    EvaluationMetrics best = null;
    double highest = Double.NEGATIVE_INFINITY;
    for (EvaluationMetrics evaluation : history.evaluations()) {
      Double score = evaluation.scores().get(name);
      if (score != null && score > highest) {
        highest = score;
        best = evaluation;
      }
    }
    if (best != null) {
      tiles.add(tile(name, number(highest), "highest, after step " + best.step()));
    }
  }

  private static Map<String, String> tile(String name, String value, String remark) {
    return Map.of("name", name, "value", value, "remark", remark);
  }

  List<String> scoreNames() {
    Set<String> names = new LinkedHashSet<>();
    history.evaluations().forEach(evaluation -> names.addAll(evaluation.scores().keySet()));
    return List.copyOf(names);
  }

  /** Returns the rows of the table of measurements: step, validation loss, scores. */
  List<List<String>> measurements() {
    List<List<String>> rows = new ArrayList<>();
    for (EvaluationMetrics evaluation : history.evaluations()) {
      List<String> row = new ArrayList<>();
      row.add(String.format(Locale.ROOT, "%,d", evaluation.step()));
      row.add(number(evaluation.validationLoss()));
      scoreNames().forEach(name -> row.add(number(evaluation.scores().get(name))));
      rows.add(row);
    }
    return rows;
  }

  private static String number(@Nullable Double value) {
    return value == null ? "–" : String.format(Locale.ROOT, "%.4f", value);
  }

  /** Returns what the script draws: columns of equal length, {@code null} where nothing is. */
  Map<String, Object> data() {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("step", column(StepMetrics::step));
    data.put("epoch", column(StepMetrics::epoch));
    data.put("loss", column(StepMetrics::loss));
    data.put("learning_rate", column(StepMetrics::learningRate));
    data.put("gradient_norm", column(StepMetrics::gradientNorm));
    data.put("tokens_per_second", column(StepMetrics::tokensPerSecond));
    data.put("memory", column(CurvesModel::gib));
    Map<String, List<@Nullable Double>> scores = new LinkedHashMap<>();
    scoreNames()
        .forEach(
            name ->
                scores.put(
                    name,
                    history.evaluations().stream()
                        .map(evaluation -> finite(evaluation.scores().get(name)))
                        .toList()));
    data.put(
        "evaluations",
        Map.of(
            "step", history.evaluations().stream().map(EvaluationMetrics::step).toList(),
            "loss",
                history.evaluations().stream()
                    .map(evaluation -> finite(evaluation.validationLoss()))
                    .toList(),
            "scores", scores));
    return data;
  }

  private static double gib(StepMetrics metrics) {
    Long bytes = metrics.residentBytes();
    return bytes == null ? Double.NaN : bytes / GIB;
  }

  /** Returns a figure of all steps; of a long training the means of as many steps each. */
  private List<@Nullable Double> column(ToDoubleFunction<StepMetrics> figure) {
    List<StepMetrics> steps = history.steps();
    int points = Math.min(steps.size(), MOST_POINTS);
    List<@Nullable Double> column = new ArrayList<>();
    for (int point = 0; point < points; point++) {
      int from = (int) ((long) point * steps.size() / points);
      int to = (int) ((point + 1L) * steps.size() / points);
      column.add(
          finite(
              steps.subList(from, to).stream().mapToDouble(figure).average().orElse(Double.NaN)));
    }
    return column;
  }

  private static @Nullable Double finite(@Nullable Double value) {
    return value == null || !Double.isFinite(value) ? null : value;
  }
}
