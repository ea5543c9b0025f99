package io.aicoder.generate;

import java.time.Duration;

/**
 * Where the time of one generation went.
 *
 * @param queued waiting for the engine
 * @param prefill running the prompt through the model, up to the first token
 * @param decode making all tokens after the first
 */
public record Timings(Duration queued, Duration prefill, Duration decode) {

  /** No time at all: for results that were not generated here. */
  public static final Timings NONE = new Timings(Duration.ZERO, Duration.ZERO, Duration.ZERO);
}
