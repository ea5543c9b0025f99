package io.aicoder.eval.sandbox;

import java.time.Duration;

/**
 * What a program wrote and how it ended.
 *
 * @param stdout standard output; of an over-long one, the start and the end
 * @param stderr standard error, likewise
 * @param termination how it ended
 * @param wall how long it ran
 */
public record Execution(String stdout, String stderr, Termination termination, Duration wall) {}
