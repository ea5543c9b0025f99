package io.aicoder.eval.sandbox;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a program wrote and how it ended.
 *
 * @param stdout standard output; of an over-long one, the start and the end
 * @param stderr standard error, likewise
 * @param termination how it ended
 * @param wall how long it ran
 * @param cpu its own processor time; {@code null} when it was not measured, as of a program that
 *     was killed
 * @param memoryBytes the most address space that it had beyond its interpreter's, as it says
 *     itself; {@code null} when it does not
 */
public record Execution(
    String stdout,
    String stderr,
    Termination termination,
    Duration wall,
    @Nullable Duration cpu,
    @Nullable Long memoryBytes) {

  /** Makes an execution that was not measured. */
  public Execution(String stdout, String stderr, Termination termination, Duration wall) {
    this(stdout, stderr, termination, wall, null, null);
  }
}
