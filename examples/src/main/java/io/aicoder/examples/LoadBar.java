package io.aicoder.examples;

import io.aicoder.llama.LoadProgress;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;

/** Shows on a terminal how far loading has come, when it takes long enough to wonder. */
final class LoadBar implements LoadProgress {

  private static final long PATIENCE_NANOS = 500_000_000;
  private static final long MIB = 1L << 20;

  private final boolean terminal = System.console() != null;
  private long started;
  private @Nullable ProgressBar bar;

  @Override
  public void placed(long bytes, long totalBytes) {
    long now = System.nanoTime();
    if (started == 0) {
      started = now;
    }
    if (bar == null && terminal && bytes < totalBytes && now - started > PATIENCE_NANOS) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("weights")
              .setUnit(" MiB", MIB)
              .setInitialMax(totalBytes)
              .build();
    }
    if (bar != null) {
      bar.stepTo(bytes);
      if (bytes >= totalBytes) {
        bar.close();
      }
    }
  }
}
