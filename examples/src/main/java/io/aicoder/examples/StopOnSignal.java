package io.aicoder.examples;

import io.aicoder.finetune.LoraFineTuner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Has a training that is interrupted (Ctrl-C, SIGTERM) end behind its step, and the process wait
 * for its checkpoint.
 */
final class StopOnSignal implements AutoCloseable {

  /** A step, a measurement and a checkpoint; systems that shut down wait less than that. */
  private static final long PATIENCE_SECONDS = 120;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook;

  /** Begins to wait for the signal. */
  StopOnSignal(LoraFineTuner tuner) {
    hook =
        new Thread(
            () -> {
              tuner.stop();
              await();
            },
            "stop training");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void await() {
    try {
      if (!ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("the step takes too long: resumed, it goes on from the last checkpoint");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets the process end: nothing more is to be written or told. */
  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending, and has been waiting for this.
    }
  }
}
