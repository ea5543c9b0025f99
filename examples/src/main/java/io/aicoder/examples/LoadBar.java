package io.aicoder.examples;

import io.aicoder.finetune.data.DataProgress;
import io.aicoder.llama.LoadProgress;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;

/** Shows on a terminal how far something has come, when it takes long enough to wonder. */
final class LoadBar {

  private static final long PATIENCE_NANOS = 500_000_000;
  private static final long MIB = 1L << 20;

  private final boolean terminal = System.console() != null;
  private final String name;
  private final String unit;
  private final long unitSize;
  private long started;
  private @Nullable ProgressBar bar;

  private LoadBar(String name, String unit, long unitSize) {
    this.name = name;
    this.unit = unit;
    this.unitSize = unitSize;
  }

  /** Returns who shows how far loading a model has come. */
  static LoadProgress weights() {
    return new LoadBar("weights", " MiB", MIB)::show;
  }

  /** Returns who shows how far reading records has come. */
  static DataProgress records() {
    LoadBar bar = new LoadBar("records", "", 1);
    return (records, fraction) -> bar.show(records, Math.max(records, (long) (records / fraction)));
  }

  private void show(long done, long total) {
    long now = System.nanoTime();
    if (started == 0) {
      started = now;
    }
    if (bar == null && terminal && done < total && now - started > PATIENCE_NANOS) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setUnit(unit, unitSize)
              .setInitialMax(total)
              .build();
    }
    if (bar != null) {
      bar.maxHint(total);
      bar.stepTo(done);
      if (done >= total) {
        bar.close();
      }
    }
  }
}
