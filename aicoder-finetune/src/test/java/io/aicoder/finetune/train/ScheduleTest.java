package io.aicoder.finetune.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.training.tracker.Tracker;
import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

/** Rates go as transformers' {@code get_scheduler} has them: {@code record_training.py}. */
class ScheduleTest {

  private static final double RATE = 1e-3;

  @Test
  void allCurvesAreTransformers() {
    int curves = 0;
    for (JsonNode curve : RecordedTraining.shared("schedules.json")) {
      String name = curve.get("name").asText();
      // transformers' plain "constant" has no warm-up, whatever is asked for
      int warmUp = name.equals("constant") ? 0 : curve.get("warmup_steps").asInt();
      Tracker tracker =
          RecordedTraining.schedule(curve).tracker(RATE, warmUp, curve.get("total_steps").asInt());
      for (int step = 0; step < curve.get("shares").size(); step++) {
        assertThat((double) tracker.getNewValue(step))
            .as("%s, step %d of %s", name, step, curve)
            .isCloseTo(RATE * curve.get("shares").get(step).asDouble(), within(1e-6 * RATE));
      }
      curves++;
    }
    assertThat(curves).isEqualTo(24);
  }
}
