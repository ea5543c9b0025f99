package io.aicoder.engine;

import io.aicoder.generate.Timings;
import java.time.Duration;

/** Measures where an order's time goes. Belongs to one order. */
final class Stopwatch {

  private final long submitted = System.nanoTime();
  private long started = submitted;
  private long prefilled = submitted;

  /** Says that the order's turn has come. */
  void start() {
    started = System.nanoTime();
    prefilled = started;
  }

  /** Says that the first token was made. */
  void prefilled() {
    prefilled = System.nanoTime();
  }

  /** Returns the times until now. */
  Timings timings() {
    long now = System.nanoTime();
    return new Timings(
        Duration.ofNanos(started - submitted),
        Duration.ofNanos(prefilled - started),
        Duration.ofNanos(now - prefilled));
  }
}
