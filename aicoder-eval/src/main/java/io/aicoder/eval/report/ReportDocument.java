package io.aicoder.eval.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.aicoder.eval.metric.Rate;
import io.aicoder.eval.metric.Scores;
import io.aicoder.eval.run.RunResult;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The content of {@code report.json}; {@link JsonReport} documents the fields. */
record ReportDocument(
    @JsonProperty("version") int version,
    @JsonProperty("title") String title,
    @JsonProperty("notes") List<String> notes,
    @JsonProperty("rows") List<Row> rows) {

  static ReportDocument of(Report report) {
    return new ReportDocument(
        1, report.title(), report.notes(), report.runs().stream().map(Row::of).toList());
  }

  /** One run. */
  record Row(
      @JsonProperty("name") String name,
      @JsonProperty("sees_tests") boolean seesTests,
      @JsonUnwrapped Figures figures,
      @JsonProperty("by_domain") Map<String, Figures> byDomain,
      @JsonProperty("settings") Map<String, String> settings) {

    private static Row of(RunResult run) {
      Map<String, Figures> byDomain = new TreeMap<>();
      run.byDomain().forEach((domain, scores) -> byDomain.put(domain, Figures.of(scores)));
      return new Row(
          run.name(), Report.seesTests(run), Figures.of(run.scores()), byDomain, run.settings());
    }
  }

  /** The figures of a run or of one of its domains. */
  record Figures(
      @JsonProperty("sr_all") Share srAll,
      @JsonProperty("sr_any") Share srAny,
      @JsonProperty("cl") double cl,
      @JsonProperty("ct") double ct,
      @JsonProperty("tokens") long tokens,
      @JsonProperty("seconds") double seconds,
      @JsonProperty("verdicts") Map<String, Integer> verdicts) {

    private static Figures of(Scores scores) {
      return new Figures(
          Share.of(scores.srAll()),
          Share.of(scores.srAny()),
          scores.cl(),
          scores.ct(),
          scores.tokens(),
          scores.seconds(),
          scores.verdicts());
    }
  }

  /** A rate with its interval. */
  record Share(
      @JsonProperty("value") double value,
      @JsonProperty("low") double low,
      @JsonProperty("high") double high,
      @JsonProperty("successes") int successes,
      @JsonProperty("total") int total) {

    private static Share of(Rate rate) {
      return new Share(rate.value(), rate.low(), rate.high(), rate.successes(), rate.total());
    }
  }
}
