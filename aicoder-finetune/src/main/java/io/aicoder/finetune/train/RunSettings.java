package io.aicoder.finetune.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
    List<String> differences = new ArrayList<>();
    if (!base.equals(saved.base)) {
      differences.add("the base model");
    }
    if (!data.equals(saved.data)) {
      differences.add("the data or its options");
    }
    add(differences, "what is trained", saved.trained, trained);
    add(differences, "the base's numbers", saved.numbers, numbers);
    differences.addAll(options.differences(saved.options));
    if (!differences.isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "%s: was written by another training: %s differ; use the same as then, or another output folder"
              .formatted(checkpoint, String.join(", ", differences)));
    }
  }

  private static void add(List<String> differences, String what, String then, String now) {
    if (!then.equals(now)) {
      differences.add("%s (%s then, %s now)".formatted(what, then, now));
    }
  }
}
