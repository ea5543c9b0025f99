package io.aicoder.eval.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.aicoder.eval.agent.Turn;
import io.aicoder.eval.metric.ErrorTaxonomy;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.run.RunResult;
import io.aicoder.eval.trajectory.Trajectory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the page's scripts read: the figures, and every task with what each run made of it.
 *
 * <p>Prompts repeat from run to run and programs from step to step, so each text is kept once, in
 * {@code texts}; elsewhere stands its index, or nothing for an empty text.
 */
record PageData(
    @JsonProperty("report") ReportDocument report,
    @JsonProperty("texts") List<String> texts,
    @JsonProperty("tasks") List<TaskEntry> tasks) {

  /** What is kept of a program's output: its end, where tracebacks have their point. */
  static final int OUTPUT_TAIL = 4000;

  /** What is kept of a verdict's detail, which may be an exception's whole message. */
  static final int DETAIL_HEAD = 300;

  static PageData of(Report report) {
    return new Collector(report.runs().size()).collect(report);
  }

  /** Returns the end of an output. */
  static String tail(String output) {
    return output.length() <= OUTPUT_TAIL
        ? output
        : "…\n" + output.substring(output.length() - OUTPUT_TAIL);
  }

  /** A task, and for each run, in the report's order, its samples; none where it was not run. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record TaskEntry(
      @JsonProperty("id") String id,
      @JsonProperty("domain") String domain,
      @JsonProperty("library") String library,
      @JsonProperty("difficulty") @Nullable String difficulty,
      @JsonProperty("runs") List<List<SampleEntry>> runs) {}

  /**
   * A sample; {@code best} is the index of the step that counts, {@code error} what it failed of.
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record SampleEntry(
      @JsonProperty("best") int best,
      @JsonProperty("error") @Nullable String error,
      @JsonProperty("steps") List<StepEntry> steps) {}

  /**
   * A step; the answer is there only when no program could be taken from it, the shown test when it
   * was judged by that and not by the scoring one, the turns when tools were used before it.
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record StepEntry(
      @JsonProperty("suggestion") @Nullable Integer suggestion,
      @JsonProperty("prompt") @Nullable Integer prompt,
      @JsonProperty("answer") @Nullable Integer answer,
      @JsonProperty("code") @Nullable Integer code,
      @JsonProperty("verdict") String verdict,
      @JsonProperty("detail") @Nullable String detail,
      @JsonProperty("passed") int passed,
      @JsonProperty("total") int total,
      @JsonProperty("stdout") @Nullable Integer stdout,
      @JsonProperty("stderr") @Nullable Integer stderr,
      @JsonProperty("lines") int lines,
      @JsonProperty("code_tokens") int codeTokens,
      @JsonProperty("prompt_tokens") int promptTokens,
      @JsonProperty("completion_tokens") int completionTokens,
      @JsonProperty("generate_seconds") double generateSeconds,
      @JsonProperty("execute_seconds") double executeSeconds,
      @JsonProperty("shown_test") @Nullable Integer shownTest,
      @JsonProperty("usd") @Nullable Double usd,
      @JsonProperty("turns") @Nullable List<TurnEntry> turns) {}

  /** A turn of an agent with tools; the output is there when a tool was used. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record TurnEntry(
      @JsonProperty("thought") @Nullable Integer thought,
      @JsonProperty("action") @Nullable String action,
      @JsonProperty("input") @Nullable Integer input,
      @JsonProperty("output") @Nullable Integer output) {}

  /** Gathers samples by task and texts by content. */
  private static final class Collector {

    private final int runCount;
    private final Map<String, Integer> texts = new LinkedHashMap<>();
    private final Map<String, TaskEntry> tasks = new LinkedHashMap<>();

    Collector(int runCount) {
      this.runCount = runCount;
    }

    PageData collect(Report report) {
      for (int run = 0; run < runCount; run++) {
        RunResult result = report.runs().get(run);
        Map<String, Trajectory> trajectories = new HashMap<>();
        for (Trajectory each : report.trajectories().getOrDefault(result.name(), List.of())) {
          trajectories.put(each.key(), each);
        }
        for (Sample sample : result.samples()) {
          tasks
              .computeIfAbsent(sample.taskId(), id -> newTask(sample))
              .runs()
              .get(run)
              .add(entry(sample, trajectories.get(sample.key())));
        }
      }
      return new PageData(
          ReportDocument.of(report), List.copyOf(texts.keySet()), List.copyOf(tasks.values()));
    }

    private TaskEntry newTask(Sample sample) {
      List<List<SampleEntry>> runs = new ArrayList<>();
      for (int run = 0; run < runCount; run++) {
        runs.add(new ArrayList<>());
      }
      return new TaskEntry(
          sample.taskId(), sample.domain(), sample.library(), sample.difficulty(), runs);
    }

    private SampleEntry entry(Sample sample, @Nullable Trajectory trajectory) {
      Sample.Step best = sample.best();
      boolean failed = !best.passed() && !best.spoilt();
      List<StepEntry> steps = new ArrayList<>();
      for (int round = 0; round < sample.steps().size(); round++) {
        steps.add(entry(sample.steps().get(round), turns(trajectory, round)));
      }
      return new SampleEntry(
          sample.steps().indexOf(best), failed ? ErrorTaxonomy.kind(best).type() : null, steps);
    }

    private @Nullable List<TurnEntry> turns(@Nullable Trajectory trajectory, int round) {
      if (trajectory == null) {
        return null;
      }
      List<TurnEntry> turns = new ArrayList<>();
      for (Turn turn : Turn.of(round, trajectory.calls(), trajectory.tools())) {
        turns.add(
            new TurnEntry(
                index(turn.thought()),
                turn.action(),
                // What was handed in is the step's program.
                turn.observation() == null ? null : index(turn.input()),
                index(turn.observation())));
      }
      return turns.isEmpty() ? null : turns;
    }

    private StepEntry entry(Sample.Step step, @Nullable List<TurnEntry> turns) {
      return new StepEntry(
          index(step.suggestion()),
          index(step.prompt()),
          step.code().isBlank() ? index(step.answer()) : null,
          index(step.code()),
          step.verdict(),
          head(step.detail()),
          step.casesPassed(),
          step.casesTotal(),
          index(tail(step.stdout())),
          index(tail(step.stderr())),
          step.lines(),
          step.codeTokens(),
          step.promptTokens(),
          step.completionTokens(),
          step.generateSeconds(),
          step.executeSeconds(),
          index(step.shownTest()),
          step.usd(),
          turns);
    }

    private @Nullable Integer index(@Nullable String text) {
      if (text == null || text.isBlank()) {
        return null;
      }
      int next = texts.size();
      return texts.computeIfAbsent(text, key -> next);
    }

    private static @Nullable String head(@Nullable String detail) {
      return detail == null || detail.length() <= DETAIL_HEAD
          ? detail
          : detail.substring(0, DETAIL_HEAD) + "…";
    }
  }
}
