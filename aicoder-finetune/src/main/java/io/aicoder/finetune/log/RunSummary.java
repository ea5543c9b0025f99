package io.aicoder.finetune.log;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * How a training ended.
 *
 * @param step the last step that was done
 * @param tokens all tokens seen
 * @param elapsedSeconds the time spent
 * @param ending why it ended
 * @param remark a sentence about it, may be empty
 */
public record RunSummary(
    @JsonProperty("step") long step,
    @JsonProperty("tokens") long tokens,
    @JsonProperty("elapsed_seconds") double elapsedSeconds,
    @JsonProperty("ending") Ending ending,
    @JsonProperty("remark") String remark) {

  /** Why a training ended. */
  public enum Ending {
    /** All steps were done. */
    COMPLETED,
    /** The model got no better. */
    STOPPED_EARLY,
    /** Somebody asked for it; it can be gone on with. */
    STOPPED,
    /** Something failed; the remark says what. */
    FAILED
  }
}
