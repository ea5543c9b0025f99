package io.aicoder.finetune.train;

import io.aicoder.finetune.data.DataSummary;
import io.aicoder.llama.DeviceMemory;
import java.time.Duration;
import java.util.Locale;

/**
 * What a training would do: a dry run.
 *
 * @param data what it would be fed with
 * @param steps how many steps it has
 * @param trainedNumbers how many numbers it trains
 * @param memory what it takes
 * @param tokensPerSecond measured on one micro-batch, forward and backward
 * @param time how long all steps take at that speed, without measurements
 */
public record TrainingPlan(
    DataSummary data,
    int steps,
    long trainedNumbers,
    TrainingMemory memory,
    double tokensPerSecond,
    Duration time) {

  /** Returns the figures for a console. */
  public String text() {
    return data.table()
        + String.format(
            Locale.ROOT,
            "%n%,d steps, %,d trained numbers%nmemory: %s must be free: %s%n"
                + "time: about %d:%02d:%02d at %,.0f tokens/s%n",
            steps,
            trainedNumbers,
            DeviceMemory.text(memory.resident()),
            memory,
            time.toHours(),
            time.toMinutesPart(),
            time.toSecondsPart(),
            tokensPerSecond);
  }
}
