package io.aicoder.finetune.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a console shows. */
class TrainingProgressTest {

  private static String shown(long afterStep, boolean terminal) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        TrainingProgress progress = new TrainingProgress(out, 12, afterStep, terminal)) {
      for (long step = afterStep + 1; step <= 10; step++) {
        progress.step(Figures.step(step));
      }
      progress.evaluated(new EvaluationMetrics(10, 0.123, Map.of("SR@All", 0.5)));
      progress.finished(
          new RunSummary(10, 5120, 3725, RunSummary.Ending.STOPPED_EARLY, "no gain in 5 tries"));
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aLogHasTheFirstAndTheLastStep() {
    assertThat(shown(4, false).lines())
        .hasSize(4)
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .isEqualTo(
                        "step 5 of 12, epoch 0.50, loss 0.2000, rate 1.00e-04, 1235 tokens/s,"
                            + " 1.5 GiB"),
            line ->
                assertThat(line)
                    .isEqualTo("measured after step 10, validation loss 0.1230, SR@All 0.5000"),
            line -> assertThat(line).startsWith("step 10 of 12, epoch 1.00, loss 0.1351"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "stopped early after step 10, 5120 tokens, 1 h 2 min: no gain in 5 tries"));
  }

  @Test
  void aTerminalHasABarToo() {
    assertThat(shown(4, true))
        .contains("10/12")
        .contains("loss 0.1351, rate 1.00e-04, 1235 tokens/s, 1.5 GiB")
        .contains("\r\u001b[Kmeasured after step 10");
  }

  /** Whoever started the training is thrown the reason. */
  @Test
  void aFailureIsToldOnce() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        TrainingProgress progress = new TrainingProgress(out, 12, 0, false)) {
      progress.step(Figures.step(1));
      progress.finished(
          new RunSummary(1, 512, 2, RunSummary.Ending.FAILED, "out.csv: cannot be written"));
    }
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .endsWith("failed after step 1, 512 tokens, 2 s\n");
  }

  @Test
  void timesAreShort() {
    assertThat(TrainingProgress.time(59)).isEqualTo("59 s");
    assertThat(TrainingProgress.time(61)).isEqualTo("1 min 1 s");
    assertThat(TrainingProgress.time(7260)).isEqualTo("2 h 1 min");
  }
}
