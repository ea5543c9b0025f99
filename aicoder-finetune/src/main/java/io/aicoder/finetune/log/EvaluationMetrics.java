package io.aicoder.finetune.log;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was measured of the model after a step.
 *
 * @param step the step that was done
 * @param validationLoss the mean loss of the validation data's loss tokens, in nats, or {@code
 *     null} when there is none
 * @param scores other figures by name, such as {@code SR@All}, in order
 */
public record EvaluationMetrics(
    @JsonProperty("step") long step,
    @JsonProperty("validation_loss") @Nullable Double validationLoss,
    @JsonProperty("scores") Map<String, Double> scores) {

  /** Copies the scores. */
  public EvaluationMetrics {
    scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
  }
}
