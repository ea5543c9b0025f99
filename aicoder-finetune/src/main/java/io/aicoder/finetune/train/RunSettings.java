package io.aicoder.finetune.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What makes two runs the same training: one can go on where the other stopped.
 *
 * @param base the SHA-256 of the base
 * @param data that of the tokenized data
 * @param trained what is trained: the adapter's configuration, or {@code full}
 * @param numbers the number format of the base, and its quantization
 * @param options how to train
 */
record RunSettings(
    @JsonProperty("base") String base,
    @JsonProperty("data") String data,
    @JsonProperty("trained") String trained,
    @JsonProperty("numbers") String numbers,
    @JsonProperty("options") TrainingOptions options) {

  /**
   * Checks that a checkpoint is of this training.
   *
   * @throws AiCoderException (REQUEST) naming what differs
   */
  void requireSame(RunSettings saved, Path checkpoint) {
    Map<String, Boolean> same = new LinkedHashMap<>();
    same.put("the base model", base.equals(saved.base));
    same.put("the data or its options", data.equals(saved.data));
    same.put("what is trained", trained.equals(saved.trained));
    same.put("the number format", numbers.equals(saved.numbers));
    same.put("the training options", options.equals(saved.options));
    same.forEach(
        (what, equal) -> {
          if (!equal) {
            throw new AiCoderException(
                ErrorCategory.REQUEST,
                checkpoint
                    + ": was written by another training: "
                    + what
                    + " differ; use the same as then, or another output folder");
          }
        });
  }
}
