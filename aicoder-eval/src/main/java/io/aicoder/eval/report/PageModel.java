package io.aicoder.eval.report;

import io.aicoder.eval.metric.Estimate;
import io.aicoder.eval.metric.FlakeRate;
import io.aicoder.eval.metric.Rate;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Scores;
import io.aicoder.eval.run.RunResult;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tables of the page, as the maps and ready texts that its template fills in. */
final class PageModel {

  /** Verdicts from best to worst, as the tables and charts order them; others follow by name. */
  static final List<String> VERDICT_ORDER =
      List.of(
          "passed",
          "partial",
          "wrong",
          "exception",
          "no_code",
          "timeout",
          "out_of_memory",
          "output_limit",
          "aborted",
          "infrastructure");

  private PageModel() {}

  static Map<String, Object> of(Report report) {
    List<RunResult> runs = report.runs();
    SortedSet<String> domains = domains(runs);
    List<String> verdicts = verdicts(runs);
    return Map.ofEntries(
        Map.entry("title", report.title()),
        Map.entry("notes", report.notes()),
        Map.entry("summary", summary(runs, domains.size())),
        Map.entry("retries", runs.stream().anyMatch(Report::seesTests)),
        Map.entry("blind", runs.stream().anyMatch(Report::isBlind)),
        Map.entry("costs", runs.stream().anyMatch(Report::hasCost)),
        Map.entry("flakes", flakes(report)),
        Map.entry("difficulties", hasDifficulties(runs)),
        Map.entry("pass_at", report.passAt()),
        Map.entry("rows", runs.stream().map(run -> row(report, run)).toList()),
        Map.entry(
            "deltas", RunGrid.of(runs).deltas().stream().map(ComparisonReport::pageRow).toList()),
        Map.entry("verdicts", verdicts.stream().map(name -> name.replace('_', ' ')).toList()),
        Map.entry("verdict_rows", runs.stream().map(run -> verdictRow(run, verdicts)).toList()),
        Map.entry("domain_rows", domains.stream().map(domain -> domainRow(domain, runs)).toList()),
        Map.entry("settings", settings(runs)));
  }

  private static String summary(List<RunResult> runs, int domains) {
    Set<String> tasks =
        runs.stream()
            .flatMap(run -> run.samples().stream())
            .map(Sample::taskId)
            .collect(Collectors.toSet());
    return Stream.of(
            plural(tasks.size(), "task"), plural(domains, "domain"), plural(runs.size(), "run"))
        .collect(Collectors.joining(" · "));
  }

  private static String plural(int count, String noun) {
    return Numbers.count(count) + " " + noun + (count == 1 ? "" : "s");
  }

  private static boolean hasDifficulties(List<RunResult> runs) {
    return runs.stream()
        .flatMap(run -> run.samples().stream())
        .anyMatch(sample -> sample.difficulty() != null);
  }

  private static Map<String, Object> row(Report report, RunResult run) {
    Scores scores = run.scores();
    return Map.ofEntries(
        Map.entry("name", run.name()),
        Map.entry("sees_tests", Report.seesTests(run)),
        Map.entry("blind", Report.isBlind(run)),
        Map.entry("all", rate(scores.srAll())),
        Map.entry("any", rate(scores.srAny())),
        Map.entry(
            "pass_at", report.passAt(run).values().stream().map(PageModel::estimate).toList()),
        Map.entry("cl", Numbers.decimal(scores.cl())),
        Map.entry("ct", Numbers.decimal(scores.ct())),
        Map.entry("tokens", Numbers.count(scores.tokens())),
        Map.entry("usd", Numbers.usd(scores.usd())),
        Map.entry("seconds", Numbers.seconds(scores.seconds())));
  }

  private static List<Map<String, Object>> flakes(Report report) {
    return report.runs().stream()
        .filter(run -> report.flakes().containsKey(run.name()))
        .map(run -> flakes(run.name(), Objects.requireNonNull(report.flakes().get(run.name()))))
        .toList();
  }

  private static Map<String, Object> flakes(String name, FlakeRate flakes) {
    return Map.of(
        "name", name,
        "reruns", flakes.reruns(),
        "rate", rate(flakes.rate()),
        "flaky",
            flakes.flaky().stream()
                .map(flaky -> flaky.taskId() + " (" + String.join(", ", flaky.outcomes()) + ")")
                .collect(Collectors.joining("; ")));
  }

  private static Map<String, Object> rate(Rate rate) {
    return Map.of(
        "percent", Numbers.percent(rate),
        "interval", Numbers.interval(rate).replace('-', '–'),
        "counts", Numbers.counts(rate));
  }

  private static Map<String, Object> estimate(Estimate share) {
    return Map.of(
        "percent",
        Numbers.decimal(100 * share.value()),
        "interval",
        Numbers.decimal(100 * share.low()) + "–" + Numbers.decimal(100 * share.high()));
  }

  private static Map<String, Object> verdictRow(RunResult run, List<String> verdicts) {
    return Map.of(
        "name", run.name(),
        "cells",
            verdicts.stream()
                .map(
                    verdict ->
                        Map.of(
                            "count",
                            run.scores().verdicts().getOrDefault(verdict, 0),
                            "link",
                            "#run=" + encode(run.name()) + "&verdict=" + encode(verdict)))
                .toList());
  }

  private static Map<String, Object> domainRow(String domain, List<RunResult> runs) {
    Rate none = new Rate(0, 0);
    return Map.of(
        "domain",
        domain,
        "cells",
        runs.stream()
            .map(run -> run.byDomain().get(domain))
            .map(
                scores ->
                    Map.of(
                        "all", rate(scores == null ? none : scores.srAll()),
                        "any", rate(scores == null ? none : scores.srAny())))
            .toList());
  }

  private static List<Map<String, Object>> settings(List<RunResult> runs) {
    SortedSet<String> names = new TreeSet<>();
    runs.forEach(run -> names.addAll(run.settings().keySet()));
    return names.stream()
        .map(
            name -> {
              List<String> values =
                  runs.stream().map(run -> run.settings().getOrDefault(name, "–")).toList();
              return Map.<String, Object>of(
                  "name",
                  name,
                  "values",
                  values,
                  "differs",
                  values.stream().distinct().count() > 1);
            })
        .toList();
  }

  private static SortedSet<String> domains(List<RunResult> runs) {
    SortedSet<String> domains = new TreeSet<>();
    runs.forEach(run -> domains.addAll(run.byDomain().keySet()));
    return domains;
  }

  /** Returns the verdicts that any run has, from best to worst. */
  static List<String> verdicts(List<RunResult> runs) {
    Set<String> present = new TreeSet<>();
    runs.forEach(run -> present.addAll(run.scores().verdicts().keySet()));
    return present.stream()
        .sorted(Comparator.comparingInt(PageModel::rank).thenComparing(Comparator.naturalOrder()))
        .toList();
  }

  private static int rank(String verdict) {
    int index = VERDICT_ORDER.indexOf(verdict);
    return index < 0 ? VERDICT_ORDER.size() : index;
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
