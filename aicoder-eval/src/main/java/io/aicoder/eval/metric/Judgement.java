package io.aicoder.eval.metric;

import org.jspecify.annotations.Nullable;

/**
 * A verdict with its figures.
 *
 * @param verdict what running the program showed
 * @param casesPassed test cases that succeeded
 * @param casesTotal test cases there are, at least 1
 * @param detail exception, signal or missing thing, for people; {@code null} when there is nothing
 *     to add
 */
public record Judgement(
    Verdict verdict, int casesPassed, int casesTotal, @Nullable String detail) {}
