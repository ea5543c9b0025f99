package io.aicoder.eval.report;

import static java.util.stream.Collectors.joining;

import io.aicoder.eval.file.AtomicFile;
import io.aicoder.eval.metric.ErrorTaxonomy;
import io.aicoder.eval.metric.ErrorTaxonomy.Kind;
import io.aicoder.eval.metric.Estimate;
import io.aicoder.eval.metric.FixRates;
import io.aicoder.eval.metric.FlakeRate;
import io.aicoder.eval.metric.Rate;
import io.aicoder.eval.metric.RepairRounds;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Scores;
import io.aicoder.eval.quality.QualityByRound;
import io.aicoder.eval.run.RunResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes the figures of a report as Markdown, for pull requests, wikis and release notes. */
public final class MarkdownReport {

  private static final int COMMONEST = 15;

  private final Report report;
  private final StringBuilder text = new StringBuilder();

  private MarkdownReport(Report report) {
    this.report = report;
  }

  /**
   * Writes the report. A reader sees the old file or the new one, never half of it.
   *
   * @param file where to; missing folders are made, an older file is replaced
   * @param report what to write
   * @throws io.aicoder.error.AiCoderException (INPUT) when a task has too few samples for a pass@k,
   *     or runs cannot be compared; (ENVIRONMENT) when the file cannot be written
   */
  public static void write(Path file, Report report) {
    AtomicFile.write(file, render(report));
  }

  /** Returns the text of the file. */
  static String render(Report report) {
    MarkdownReport markdown = new MarkdownReport(report);
    markdown.text.append("# ").append(MarkdownTable.escape(report.title())).append("\n");
    report
        .notes()
        .forEach(
            note -> markdown.text.append("\n").append(MarkdownTable.escape(note)).append("\n"));
    markdown.results();
    if (report.runs().size() > 1) {
      markdown.section("Comparison");
      markdown.text.append(ComparisonReport.markdown(report.runs()));
    }
    markdown.breakdown("By domain", RunResult::byDomain);
    markdown.breakdown("By library", run -> Scores.byLibrary(run.samples()));
    if (report.runs().stream()
        .flatMap(run -> run.samples().stream())
        .map(Sample::difficulty)
        .anyMatch(Objects::nonNull)) {
      markdown.breakdown("By difficulty", run -> Scores.byDifficulty(run.samples()));
    }
    markdown.verdicts();
    markdown.errors();
    markdown.rounds();
    markdown.fixRates();
    markdown.flakes();
    markdown.settings();
    return markdown.text.toString();
  }

  private void section(String title) {
    text.append("\n## ").append(title).append("\n\n");
  }

  private void results() {
    section("Results");
    List<String> heads = new ArrayList<>(List.of("Run", "SR@All %", "SR@Any %"));
    report.passAt().forEach(k -> heads.add("pass@" + k + " %"));
    heads.addAll(List.of("CL", "CT", "Tokens", "Seconds"));
    boolean costs = report.runs().stream().anyMatch(Report::hasCost);
    if (costs) {
      heads.add("USD");
    }
    MarkdownTable table = new MarkdownTable(heads);
    for (RunResult run : report.runs()) {
      Scores scores = run.scores();
      List<String> cells = new ArrayList<>();
      cells.add(run.name() + (Report.seesTests(run) ? " †" : Report.isBlind(run) ? " ‡" : ""));
      cells.add(rate(scores.srAll()));
      cells.add(rate(scores.srAny()));
      for (Estimate estimate : report.passAt(run).values()) {
        cells.add(Numbers.estimate(estimate));
      }
      cells.add(Numbers.decimal(scores.cl()));
      cells.add(Numbers.decimal(scores.ct()));
      cells.add(Numbers.count(scores.tokens()));
      cells.add(Numbers.seconds(scores.seconds()));
      if (costs) {
        cells.add(Numbers.usd(scores.usd()));
      }
      table.add(cells);
    }
    text.append(table).append("\nIn brackets: 95 % intervals.\n");
    if (report.runs().stream().anyMatch(Report::seesTests)) {
      text.append("\n† Tried again after the tests that score it had run: not blind.\n");
    }
    if (report.runs().stream().anyMatch(Report::isBlind)) {
      text.append(
          "\n‡ Blind: the agent saw other tests, its rounds and fix rates are about these.\n");
    }
  }

  private static String rate(@Nullable Rate rate) {
    return rate == null || rate.total() == 0
        ? "-"
        : Numbers.percent(rate) + " (" + Numbers.interval(rate) + ")";
  }

  private void breakdown(String title, Function<RunResult, SortedMap<String, Scores>> parts) {
    section(title);
    List<SortedMap<String, Scores>> byRun = report.runs().stream().map(parts).toList();
    SortedSet<String> names = new TreeSet<>();
    byRun.forEach(part -> names.addAll(part.keySet()));
    List<String> heads = new ArrayList<>(List.of("SR@All % / SR@Any %"));
    heads.addAll(names());
    MarkdownTable table = new MarkdownTable(heads);
    for (String name : names) {
      List<String> cells = new ArrayList<>(List.of(name));
      for (SortedMap<String, Scores> part : byRun) {
        Scores scores = part.get(name);
        cells.add(
            scores == null
                ? "-"
                : Numbers.percent(scores.srAll())
                    + " / "
                    + Numbers.percent(scores.srAny())
                    + " of "
                    + scores.srAll().total());
      }
      table.add(cells);
    }
    text.append(table);
  }

  private List<String> names() {
    return report.runs().stream().map(RunResult::name).toList();
  }

  private void verdicts() {
    section("Verdicts");
    List<String> verdicts = PageModel.verdicts(report.runs());
    List<String> heads = new ArrayList<>(List.of("Run"));
    heads.addAll(verdicts);
    MarkdownTable table = new MarkdownTable(heads);
    for (RunResult run : report.runs()) {
      Map<String, Integer> counts = run.scores().verdicts();
      table.add(
          Stream.concat(
                  Stream.of(run.name()),
                  verdicts.stream().map(name -> String.valueOf(counts.getOrDefault(name, 0))))
              .toList());
    }
    text.append(table);
  }

  private void errors() {
    List<ErrorTaxonomy> byRun =
        report.runs().stream().map(run -> ErrorTaxonomy.of(run.samples())).toList();
    List<String> types =
        byRun.stream()
            .flatMap(taxonomy -> taxonomy.kinds().stream().limit(COMMONEST))
            .map(Kind::type)
            .distinct()
            .toList();
    if (types.isEmpty()) {
      return;
    }
    section("Errors");
    List<String> heads = new ArrayList<>(List.of("Failed of"));
    heads.addAll(names());
    MarkdownTable table = new MarkdownTable(heads);
    for (String type : types) {
      List<String> cells = new ArrayList<>(List.of(type));
      byRun.forEach(
          taxonomy ->
              cells.add(
                  taxonomy.kinds().stream()
                      .filter(kind -> kind.type().equals(type))
                      .map(kind -> String.valueOf(kind.count()))
                      .findFirst()
                      .orElse("0")));
      table.add(cells);
    }
    text.append(table);
  }

  private void rounds() {
    List<RunResult> repaired =
        report.runs().stream()
            .filter(run -> triesAgain(run) || report.quality().containsKey(run.name()))
            .toList();
    if (repaired.isEmpty()) {
      return;
    }
    section("Rounds");
    MarkdownTable table =
        new MarkdownTable(
            List.of(
                "Run",
                "Round",
                "Fixed",
                "Solved so far %",
                "Complexity (change)",
                "Lints (change)"));
    for (RunResult run : repaired) {
      QualityByRound quality = report.quality().get(run.name());
      for (RepairRounds.Round round : RepairRounds.of(run.samples()).rounds()) {
        table.add(
            List.of(
                run.name(),
                String.valueOf(round.round()),
                round.fixed().successes() + " of " + round.fixed().total(),
                Numbers.percent(round.solved()),
                complexity(quality, round.round()),
                lints(quality, round.round())));
      }
    }
    text.append(table);
    String linters =
        report.quality().values().stream()
            .map(quality -> Objects.requireNonNullElse(quality.linter(), "no linter was there"))
            .distinct()
            .sorted()
            .collect(joining(", "));
    if (!linters.isEmpty()) {
      text.append("\nLints by: ").append(linters).append(".\n");
    }
  }

  private static boolean triesAgain(RunResult run) {
    return Report.seesTests(run) || Report.isBlind(run);
  }

  private void fixRates() {
    List<RunResult> repaired = report.runs().stream().filter(MarkdownReport::triesAgain).toList();
    List<FixRates> byRun = repaired.stream().map(run -> FixRates.of(run.samples())).toList();
    SortedSet<String> failures = new TreeSet<>();
    byRun.forEach(rates -> failures.addAll(rates.byFailure().keySet()));
    if (failures.isEmpty()) {
      return;
    }
    section("Fix rates");
    List<String> heads = new ArrayList<>(List.of("The program before failed of"));
    repaired.forEach(run -> heads.add(run.name()));
    MarkdownTable table = new MarkdownTable(heads);
    for (String failure : failures) {
      List<String> cells = new ArrayList<>(List.of(failure));
      for (FixRates rates : byRun) {
        Rate rate = rates.byFailure().get(failure);
        cells.add(rate == null ? "-" : Numbers.counts(rate) + " (" + Numbers.percent(rate) + " %)");
      }
      table.add(cells);
    }
    text.append(table).append("\nPrograms that passed, of those that followed such a failure.\n");
  }

  private void flakes() {
    if (report.flakes().isEmpty()) {
      return;
    }
    section("Reruns");
    MarkdownTable table = new MarkdownTable(List.of("Run", "Reruns", "Flaky", "Which"));
    for (RunResult run : report.runs()) {
      FlakeRate flakes = report.flakes().get(run.name());
      if (flakes != null) {
        table.add(
            List.of(
                run.name(),
                String.valueOf(flakes.reruns()),
                Numbers.counts(flakes.rate()) + " (" + Numbers.interval(flakes.rate()) + " %)",
                flakes.flaky().stream()
                    .map(flaky -> flaky.taskId() + " (" + String.join(", ", flaky.outcomes()) + ")")
                    .collect(joining("; "))));
      }
    }
    text.append(table);
  }

  private static String complexity(@Nullable QualityByRound quality, int number) {
    QualityByRound.Round round = round(quality, number);
    return round == null ? "-" : withChange(round.complexity(), round.complexityChange());
  }

  private static String lints(@Nullable QualityByRound quality, int number) {
    QualityByRound.Round round = round(quality, number);
    return round == null ? "-" : withChange(round.lints(), round.lintsChange());
  }

  private static QualityByRound.@Nullable Round round(
      @Nullable QualityByRound quality, int number) {
    return quality == null || number >= quality.rounds().size()
        ? null
        : quality.rounds().get(number);
  }

  private static String withChange(@Nullable Double value, @Nullable Double change) {
    return value == null
        ? "-"
        : change == null
            ? Numbers.decimal(value)
            : Numbers.decimal(value)
                + " ("
                + (change < 0 ? "" : "+")
                + Numbers.decimal(change)
                + ")";
  }

  private void settings() {
    section("Settings");
    List<String> heads = new ArrayList<>(List.of("Setting"));
    heads.addAll(names());
    MarkdownTable table = new MarkdownTable(heads);
    SortedSet<String> settings = new TreeSet<>();
    report.runs().forEach(run -> settings.addAll(run.settings().keySet()));
    for (String setting : settings) {
      table.add(
          Stream.concat(
                  Stream.of(setting),
                  report.runs().stream().map(run -> run.settings().getOrDefault(setting, "-")))
              .toList());
    }
    text.append(table);
  }
}
