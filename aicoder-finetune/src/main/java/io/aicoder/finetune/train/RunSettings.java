package io.aicoder.finetune.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.finetune.peft.LoraOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What makes two runs the same training: one can go on where the other stopped.
 *
 * @param base the SHA-256 of the base
 * @param data that of the tokenized data
 * @param trained what is trained, by the names of options
 * @param numbers the number format of the base, and its quantization
 * @param options how to train
 */
record RunSettings(
    @JsonProperty("base") String base,
    @JsonProperty("data") String data,
    @JsonProperty("trained") Map<String, String> trained,
    @JsonProperty("numbers") String numbers,
    @JsonProperty("options") TrainingOptions options) {

  private static final String ABSENT = "none";

  /**
   * Tells what is trained.
   *
   * @param lora its options; {@code null}: all parameters are trained
   * @param goesOn whether it begins with the numbers of an adapter
   */
  static Map<String, String> trained(@Nullable LoraOptions lora, boolean goesOn) {
    Map<String, String> trained = new TreeMap<>();
    if (lora == null) {
      trained.put("parameters", "all");
      return trained;
    }
    Map<String, Object> fields = new JsonMapper().convertValue(lora, new TypeReference<>() {});
    fields.remove("baseModel"); // the same base may be named in several ways
    fields.forEach((name, value) -> trained.put(name, String.valueOf(value)));
    trained.put("first numbers", goesOn ? "an adapter's" : "new");
    return trained;
  }

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
    TreeSet<String> names = new TreeSet<>(trained.keySet());
    names.addAll(saved.trained.keySet());
    for (String name : names) {
      add(
          differences,
          name,
          saved.trained.getOrDefault(name, ABSENT),
          trained.getOrDefault(name, ABSENT));
    }
    add(differences, "the base's numbers", saved.numbers, numbers);
    differences.addAll(options.differences(saved.options));
    if (!differences.isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          ("%s: was written by another training: %s differ; use the same as then, or another output"
                  + " folder, where a training can go on from this one's adapter (optStartFrom,"
                  + " --adapter)")
              .formatted(checkpoint, String.join(", ", differences)));
    }
  }

  private static void add(List<String> differences, String what, String then, String now) {
    if (!then.equals(now)) {
      differences.add("%s (%s then, %s now)".formatted(what, then, now));
    }
  }
}
