package io.aicoder.eval.metric;

import io.aicoder.eval.metric.Sample.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToIntFunction;

/**
 * The figures of one run over a task set.
 *
 * <p>A sample counts with its best program ({@link Sample#best}): after repair, the better one.
 * Samples whose verdict is {@link Verdict.Infrastructure} count in {@code tokens}, {@code seconds}
 * and {@code verdicts} only; answers without a program are in the rates, but not in the means.
 *
 * @param srAll SR@All: programs whose cases all succeed
 * @param srAny SR@Any: programs with at least one case that succeeds
 * @param cl CL: mean lines of the generated code
 * @param ct CT: mean tokens of the generated code
 * @param tokens tokens spent, prompts and completions of every call to the model
 * @param seconds time spent on generation and execution
 * @param verdicts how often each verdict was given, by {@link Verdict#wireName}
 */
public record Scores(
    Rate srAll,
    Rate srAny,
    double cl,
    double ct,
    long tokens,
    double seconds,
    SortedMap<String, Integer> verdicts) {

  private static final String PASSED = new Verdict.Passed().wireName();
  private static final String INFRASTRUCTURE = new Verdict.Infrastructure("").wireName();

  /** Keeps the verdicts unmodifiable. */
  public Scores {
    verdicts = Collections.unmodifiableSortedMap(new TreeMap<>(verdicts));
  }

  /** Adds up samples. */
  public static Scores of(List<Sample> samples) {
    SortedMap<String, Integer> verdicts = new TreeMap<>();
    List<Step> scored = new ArrayList<>();
    for (Sample sample : samples) {
      Step best = sample.best();
      verdicts.merge(best.verdict(), 1, Integer::sum);
      if (!best.verdict().equals(INFRASTRUCTURE)) {
        scored.add(best);
      }
    }
    List<Step> steps = samples.stream().flatMap(sample -> sample.steps().stream()).toList();
    return new Scores(
        new Rate(count(scored, step -> step.verdict().equals(PASSED) ? 1 : 0), scored.size()),
        new Rate(count(scored, step -> step.casesPassed() > 0 ? 1 : 0), scored.size()),
        mean(scored, Step::lines),
        mean(scored, Step::codeTokens),
        steps.stream()
            .mapToLong(step -> step.promptTokens() + (long) step.completionTokens())
            .sum(),
        steps.stream().mapToDouble(step -> step.generateSeconds() + step.executeSeconds()).sum(),
        verdicts);
  }

  /** Adds up the samples of each domain. */
  public static SortedMap<String, Scores> byDomain(List<Sample> samples) {
    SortedMap<String, List<Sample>> parts = new TreeMap<>();
    for (Sample sample : samples) {
      parts.computeIfAbsent(sample.domain(), domain -> new ArrayList<>()).add(sample);
    }
    SortedMap<String, Scores> scores = new TreeMap<>();
    parts.forEach((domain, part) -> scores.put(domain, of(part)));
    return Collections.unmodifiableSortedMap(scores);
  }

  private static int count(List<Step> steps, ToIntFunction<Step> figure) {
    return steps.stream().mapToInt(figure).sum();
  }

  private static double mean(List<Step> steps, ToIntFunction<Step> figure) {
    return steps.stream()
        .filter(step -> !step.code().isEmpty())
        .mapToInt(figure)
        .average()
        .orElse(0);
  }
}
