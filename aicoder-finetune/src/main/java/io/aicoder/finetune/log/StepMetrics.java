package io.aicoder.finetune.log;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * The figures of one optimizer step.
 *
 * @param step the step that is done, from 1
 * @param epoch how much of the data has been seen: 1.5 is halfway through the second time
 * @param loss the mean loss of the step's loss tokens, in nats
 * @param learningRate the rate that the step was taken with
 * @param gradientNorm the global norm of the gradients, before clipping
 * @param tokens all tokens seen since the training began, before a resume as well
 * @param lossTokens those of them that a loss was computed for
 * @param tokensPerSecond how many tokens a second this step took in
 * @param elapsedSeconds the time spent since the training began, before a resume as well
 * @param residentBytes the memory that the process holds, or {@code null} where nobody tells
 */
public record StepMetrics(
    @JsonProperty("step") long step,
    @JsonProperty("epoch") double epoch,
    @JsonProperty("loss") double loss,
    @JsonProperty("learning_rate") double learningRate,
    @JsonProperty("gradient_norm") double gradientNorm,
    @JsonProperty("tokens") long tokens,
    @JsonProperty("loss_tokens") long lossTokens,
    @JsonProperty("tokens_per_second") double tokensPerSecond,
    @JsonProperty("elapsed_seconds") double elapsedSeconds,
    @JsonProperty("resident_bytes") @Nullable Long residentBytes) {}
