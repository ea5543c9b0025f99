package io.aicoder.eval.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.aicoder.eval.metric.ErrorTaxonomy;
import io.aicoder.eval.metric.Estimate;
import io.aicoder.eval.metric.FixRates;
import io.aicoder.eval.metric.FlakeRate;
import io.aicoder.eval.metric.PairedComparison;
import io.aicoder.eval.metric.Rate;
import io.aicoder.eval.metric.RepairRounds;
import io.aicoder.eval.metric.Scores;
import io.aicoder.eval.metric.Traceback;
import io.aicoder.eval.quality.QualityByRound;
import io.aicoder.eval.run.RunResult;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The content of {@code report.json}; {@link JsonReport} documents the fields. */
record ReportDocument(
    @JsonProperty("version") int version,
    @JsonProperty("title") String title,
    @JsonProperty("notes") List<String> notes,
    @JsonProperty("rows") List<Row> rows,
    @JsonProperty("comparisons") List<Comparison> comparisons) {

  static ReportDocument of(Report report) {
    return new ReportDocument(
        1,
        report.title(),
        report.notes(),
        report.runs().stream().map(run -> Row.of(report, run)).toList(),
        RunGrid.of(report.runs()).deltas().stream().map(Comparison::of).toList());
  }

  /** One run. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Row(
      @JsonProperty("name") String name,
      @JsonProperty("sees_tests") boolean seesTests,
      @JsonProperty("blind") boolean blind,
      @JsonUnwrapped Figures figures,
      @JsonProperty("pass_at") Map<Integer, Estimate> passAt,
      @JsonProperty("by_domain") Map<String, Figures> byDomain,
      @JsonProperty("by_library") Map<String, Figures> byLibrary,
      @JsonProperty("by_difficulty") Map<String, Figures> byDifficulty,
      @JsonProperty("errors") List<ErrorKind> errors,
      @JsonProperty("rounds") List<Round> rounds,
      @JsonProperty("fix_rates") Fixes fixRates,
      @JsonProperty("flakes") @Nullable Flakes flakes,
      @JsonProperty("linter") @Nullable String linter,
      @JsonProperty("settings") Map<String, String> settings) {

    private static Row of(Report report, RunResult run) {
      QualityByRound quality = report.quality().get(run.name());
      FlakeRate flakes = report.flakes().get(run.name());
      return new Row(
          run.name(),
          Report.seesTests(run),
          Report.isBlind(run),
          Figures.of(run.scores()),
          report.passAt(run),
          figures(run.byDomain()),
          figures(Scores.byLibrary(run.samples())),
          figures(Scores.byDifficulty(run.samples())),
          ErrorTaxonomy.of(run.samples()).kinds().stream().map(ErrorKind::of).toList(),
          RepairRounds.of(run.samples()).rounds().stream()
              .map(round -> Round.of(round, quality))
              .toList(),
          Fixes.of(FixRates.of(run.samples())),
          flakes == null ? null : Flakes.of(flakes),
          quality == null ? null : quality.linter(),
          run.settings());
    }

    private static Map<String, Figures> figures(SortedMap<String, Scores> parts) {
      Map<String, Figures> figures = new TreeMap<>();
      parts.forEach((name, scores) -> figures.put(name, Figures.of(scores)));
      return figures;
    }
  }

  /** How often the next program passes. */
  record Fixes(
      @JsonProperty("by_failure") Map<String, Share> byFailure,
      @JsonProperty("by_round") Map<Integer, Share> byRound) {

    private static Fixes of(FixRates rates) {
      Map<String, Share> byFailure = new TreeMap<>();
      rates.byFailure().forEach((failure, rate) -> byFailure.put(failure, Share.of(rate)));
      Map<Integer, Share> byRound = new TreeMap<>();
      rates.byRound().forEach((round, rate) -> byRound.put(round, Share.of(rate)));
      return new Fixes(byFailure, byRound);
    }
  }

  /** What running the programs again showed. */
  record Flakes(
      @JsonProperty("reruns") int reruns,
      @JsonProperty("rate") Share rate,
      @JsonProperty("flaky") List<Flaky> flaky) {

    private static Flakes of(FlakeRate flakes) {
      return new Flakes(
          flakes.reruns(),
          Share.of(flakes.rate()),
          flakes.flaky().stream()
              .map(f -> new Flaky(f.taskId(), f.sample(), List.copyOf(f.outcomes())))
              .toList());
    }
  }

  /** A program that did not always fare the same. */
  record Flaky(
      @JsonProperty("task_id") String taskId,
      @JsonProperty("sample") int sample,
      @JsonProperty("outcomes") List<String> outcomes) {}

  /** The figures of a run or of a part of it. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Figures(
      @JsonProperty("sr_all") Share srAll,
      @JsonProperty("sr_any") Share srAny,
      @JsonProperty("cl") double cl,
      @JsonProperty("ct") double ct,
      @JsonProperty("tokens") long tokens,
      @JsonProperty("seconds") double seconds,
      @JsonProperty("verdicts") Map<String, Integer> verdicts,
      @JsonProperty("usd") @Nullable Double usd) {

    private static Figures of(Scores scores) {
      return new Figures(
          Share.of(scores.srAll()),
          Share.of(scores.srAny()),
          scores.cl(),
          scores.ct(),
          scores.tokens(),
          scores.seconds(),
          scores.verdicts(),
          scores.usd());
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

  /** A kind of failure. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record ErrorKind(
      @JsonProperty("type") String type,
      @JsonProperty("count") int count,
      @JsonProperty("uncaught") int uncaught,
      @JsonProperty("example") @Nullable String example,
      @JsonProperty("traceback") @Nullable Trace traceback) {

    private static ErrorKind of(ErrorTaxonomy.Kind kind) {
      return new ErrorKind(
          kind.type(),
          kind.count(),
          kind.uncaught(),
          kind.example(),
          kind.traceback() == null ? null : Trace.of(kind.traceback(), null));
    }
  }

  /** A traceback; with its relation where it is the earlier one of a chain. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Trace(
      @JsonProperty("relation") @Nullable String relation,
      @JsonProperty("type") String type,
      @JsonProperty("message") String message,
      @JsonProperty("frames") List<Frame> frames,
      @JsonProperty("earlier") @Nullable Trace earlier) {

    private static Trace of(Traceback traceback, @Nullable String relation) {
      Traceback.Earlier earlier = traceback.earlier();
      return new Trace(
          relation,
          traceback.type(),
          traceback.message(),
          traceback.frames().stream().map(Frame::of).toList(),
          earlier == null
              ? null
              : of(earlier.traceback(), earlier.relation().name().toLowerCase(Locale.ROOT)));
    }
  }

  /** A frame of a traceback. */
  record Frame(
      @JsonProperty("file") String file,
      @JsonProperty("line") int line,
      @JsonProperty("function") String function,
      @JsonProperty("source") String source,
      @JsonProperty("own") boolean own) {

    private static Frame of(Traceback.Frame frame) {
      return new Frame(frame.file(), frame.line(), frame.function(), frame.source(), frame.isOwn());
    }
  }

  /** What a round brought. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Round(
      @JsonProperty("round") int round,
      @JsonProperty("fixed") Share fixed,
      @JsonProperty("solved") Share solved,
      @JsonProperty("quality") @Nullable Quality quality) {

    private static Round of(RepairRounds.Round round, @Nullable QualityByRound quality) {
      boolean measured = quality != null && round.round() < quality.rounds().size();
      return new Round(
          round.round(),
          Share.of(round.fixed()),
          Share.of(round.solved()),
          quality != null && measured ? Quality.of(quality.rounds().get(round.round())) : null);
    }
  }

  /** How the programs of a round are written; what was not measured is null. */
  record Quality(
      @JsonProperty("programs") int programs,
      @JsonProperty("unparsable") int unparsable,
      @JsonProperty("complexity") @Nullable Double complexity,
      @JsonProperty("complexity_change") @Nullable Double complexityChange,
      @JsonProperty("lints") @Nullable Double lints,
      @JsonProperty("lints_change") @Nullable Double lintsChange) {

    private static Quality of(QualityByRound.Round round) {
      return new Quality(
          round.programs(),
          round.unparsable(),
          round.complexity(),
          round.complexityChange(),
          round.lints(),
          round.lintsChange());
    }
  }

  /** What changes from one run to another. */
  record Comparison(
      @JsonProperty("from") String from,
      @JsonProperty("to") String to,
      @JsonProperty("sr_all") Change srAll,
      @JsonProperty("sr_any") Change srAny) {

    private static Comparison of(RunGrid.Delta delta) {
      return new Comparison(
          delta.from().name(), delta.to().name(), Change.of(delta.all()), Change.of(delta.any()));
    }
  }

  /** What changes in one figure. */
  record Change(
      @JsonProperty("tasks") int tasks,
      @JsonProperty("left_out") int leftOut,
      @JsonProperty("from_better") int fromBetter,
      @JsonProperty("to_better") int toBetter,
      @JsonProperty("difference") Estimate difference,
      @JsonProperty("p_value") double pValue) {

    private static Change of(PairedComparison comparison) {
      return new Change(
          comparison.tasks(),
          comparison.leftOut(),
          comparison.firstBetter(),
          comparison.secondBetter(),
          comparison.difference(),
          comparison.pValue());
    }
  }
}
