package io.aicoder.eval.metric;

import io.aicoder.eval.metric.Sample.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The figures of one run over a task set.
 *
 * <p>A sample counts with its best program ({@link Sample#best}): after repair, the better one.
 * Samples whose verdict is {@link Verdict.Infrastructure} count in {@code tokens}, {@code seconds}
 * and {@code verdicts} only; answers without a program are in the rates, but not in the means.
 *
 * <p>With one sample a task the rates have Wilson intervals; with several, those of {@link
 * Bootstrap#share}, which draws whole tasks.
 *
 * @param srAll SR@All: programs whose cases all succeed
 * @param srAny SR@Any: programs with at least one case that succeeds
 * @param cl CL: mean lines of the generated code
 * @param ct CT: mean tokens of the generated code
 * @param tokens tokens spent, prompts and completions of every call to the model
 * @param seconds time spent on generation and execution
 * @param verdicts how often each verdict was given, by {@link Verdict#wireName}
 * @param usd what the model calls cost in US dollars; {@code null} when nobody knows
 */
public record Scores(
    Rate srAll,
    Rate srAny,
    double cl,
    double ct,
    long tokens,
    double seconds,
    SortedMap<String, Integer> verdicts,
    @Nullable Double usd) {

  /** What stands for a difficulty that is not known. */
  public static final String UNKNOWN = "unknown";

  /** Keeps the verdicts unmodifiable. */
  public Scores {
    verdicts = Collections.unmodifiableSortedMap(new TreeMap<>(verdicts));
  }

  /** Adds up samples. */
  public static Scores of(List<Sample> samples) {
    SortedMap<String, Integer> verdicts = new TreeMap<>();
    samples.forEach(sample -> verdicts.merge(sample.best().verdict(), 1, Integer::sum));
    List<TaskOutcomes> tasks =
        TaskOutcomes.of(samples).stream().filter(task -> task.size() > 0).toList();
    List<Step> scored = tasks.stream().flatMap(task -> task.programs().stream()).toList();
    List<Step> steps = samples.stream().flatMap(sample -> sample.steps().stream()).toList();
    return new Scores(
        rate(tasks, Step::passed),
        rate(tasks, step -> step.casesPassed() > 0),
        mean(scored, Step::lines),
        mean(scored, Step::codeTokens),
        steps.stream()
            .mapToLong(step -> step.promptTokens() + (long) step.completionTokens())
            .sum(),
        steps.stream().mapToDouble(step -> step.generateSeconds() + step.executeSeconds()).sum(),
        verdicts,
        usd(steps));
  }

  private static @Nullable Double usd(List<Step> steps) {
    List<Double> known =
        steps.stream().map(Step::usd).filter(Objects::nonNull).map(Double::valueOf).toList();
    return known.isEmpty() ? null : known.stream().mapToDouble(Double::doubleValue).sum();
  }

  /** Adds up the samples of each domain. */
  public static SortedMap<String, Scores> byDomain(List<Sample> samples) {
    return by(Sample::domain, samples);
  }

  /** Adds up the samples of each library. */
  public static SortedMap<String, Scores> byLibrary(List<Sample> samples) {
    return by(Sample::library, samples);
  }

  /** Adds up the samples of each difficulty; {@link #UNKNOWN} where nothing is said. */
  public static SortedMap<String, Scores> byDifficulty(List<Sample> samples) {
    return by(sample -> sample.difficulty() == null ? UNKNOWN : sample.difficulty(), samples);
  }

  private static SortedMap<String, Scores> by(
      Function<Sample, String> property, List<Sample> samples) {
    SortedMap<String, List<Sample>> parts = new TreeMap<>();
    for (Sample sample : samples) {
      parts.computeIfAbsent(property.apply(sample), name -> new ArrayList<>()).add(sample);
    }
    SortedMap<String, Scores> scores = new TreeMap<>();
    parts.forEach((name, part) -> scores.put(name, of(part)));
    return Collections.unmodifiableSortedMap(scores);
  }

  private static Rate rate(List<TaskOutcomes> tasks, Predicate<Step> success) {
    double[] successes = tasks.stream().mapToDouble(task -> task.count(success)).toArray();
    double[] totals = tasks.stream().mapToDouble(TaskOutcomes::size).toArray();
    boolean several = tasks.stream().anyMatch(task -> task.size() > 1);
    return new Rate(
        tasks.stream().mapToInt(task -> task.count(success)).sum(),
        tasks.stream().mapToInt(TaskOutcomes::size).sum(),
        several ? Bootstrap.STANDARD.share(successes, totals) : null);
  }

  private static double mean(List<Step> steps, ToIntFunction<Step> figure) {
    return steps.stream()
        .filter(step -> !step.code().isEmpty())
        .mapToInt(figure)
        .average()
        .orElse(0);
  }
}
