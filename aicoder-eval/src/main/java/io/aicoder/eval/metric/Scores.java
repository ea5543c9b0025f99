package io.aicoder.eval.metric;

import java.util.SortedMap;

/**
 * The figures of one run over a task set. Samples whose verdict is {@link Verdict.Infrastructure}
 * count in {@code verdicts} only.
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
    SortedMap<String, Integer> verdicts) {}
