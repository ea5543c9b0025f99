package io.aicoder.eval.run;

import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.sandbox.Limits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Limits made of what a task's own reference took: so many times its wall time, its processor time
 * and its memory, within bounds.
 *
 * <p>References run under the ceiling. Processes, files and output are the ceiling's throughout.
 * What was measured is rounded up to whole seconds and to 64 MiB, so that limits seldom differ from
 * one measurement to the next. A sandbox that does not measure leaves the floor.
 *
 * @param factor how many times the reference's own, 1 or more
 * @param floor the least time and memory
 * @param ceiling the most, at least as large as the floor
 */
public record LimitScale(double factor, Limits floor, Limits ceiling) {

  private static final long MEMORY_STEP = 64L << 20;

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException when the factor is below 1, or the floor above the ceiling
   */
  public LimitScale {
    if (!(factor >= 1 && factor < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("factor is " + factor + ": it must be 1 or more");
    }
    if (floor.wall().compareTo(ceiling.wall()) > 0
        || floor.cpu().compareTo(ceiling.cpu()) > 0
        || floor.memoryBytes() > ceiling.memoryBytes()) {
      throw new IllegalArgumentException(
          "the floor " + floor + " is above the ceiling " + ceiling + ": lower it");
    }
  }

  /** Returns the limits for programs of a task. */
  Limits of(Step reference) {
    return new Limits(
        time(reference.executeSeconds(), floor.wall(), ceiling.wall()),
        time(reference.cpuSeconds(), floor.cpu(), ceiling.cpu()),
        memory(reference.memoryBytes()),
        ceiling.processes(),
        ceiling.fileBytes(),
        ceiling.outputBytes());
  }

  private Duration time(@Nullable Double seconds, Duration least, Duration most) {
    Duration scaled =
        seconds == null ? least : Duration.ofSeconds((long) Math.ceil(factor * seconds));
    return scaled.compareTo(least) < 0 ? least : scaled.compareTo(most) > 0 ? most : scaled;
  }

  private long memory(@Nullable Long bytes) {
    double scaled =
        bytes == null ? 0 : MEMORY_STEP * Math.ceil(factor * bytes / (double) MEMORY_STEP);
    return (long) Math.max(floor.memoryBytes(), Math.min(ceiling.memoryBytes(), scaled));
  }
}
