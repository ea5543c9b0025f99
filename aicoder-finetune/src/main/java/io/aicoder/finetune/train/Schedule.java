package io.aicoder.finetune.train;

import ai.djl.training.tracker.CosineTracker;
import ai.djl.training.tracker.LinearTracker;
import ai.djl.training.tracker.Tracker;
import ai.djl.training.tracker.WarmUpTracker;

/** How the learning rate goes over a training, after it has risen from zero in the warm-up. */
public enum Schedule {
  /** It stays. */
  CONSTANT,
  /** It falls along a line, to zero behind the last step. */
  LINEAR,
  /** It falls along half a cosine, to zero behind the last step. */
  COSINE;

  /**
   * Returns the schedule as DJL's, the same as transformers' {@code get_scheduler}.
   *
   * @param rate the highest rate, above 0
   * @param warmUp how many steps the rate rises
   * @param steps how many there are
   */
  Tracker tracker(double rate, int warmUp, int steps) {
    int falling = Math.max(1, steps - warmUp);
    float highest = (float) rate;
    Tracker main =
        switch (this) {
          case CONSTANT -> Tracker.fixed(highest);
          case LINEAR ->
              LinearTracker.builder()
                  .setBaseValue(highest)
                  .optSlope(-highest / falling)
                  .optMaxUpdates(falling)
                  .build();
          case COSINE ->
              CosineTracker.builder()
                  .setBaseValue(highest)
                  .optFinalValue(0)
                  .setMaxUpdates(falling)
                  .build();
        };
    if (warmUp == 0) {
      return main;
    }
    return WarmUpTracker.builder()
        .setMainTracker(main)
        .optWarmUpSteps(warmUp)
        .optWarmUpBeginValue(0)
        .optWarmUpMode(WarmUpTracker.Mode.LINEAR)
        .build();
  }
}
