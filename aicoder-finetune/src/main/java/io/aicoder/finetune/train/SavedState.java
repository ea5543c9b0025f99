package io.aicoder.finetune.train;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.aicoder.checkpoint.SafeTensors;
import io.aicoder.checkpoint.SafeTensorsWriter;
import io.aicoder.checkpoint.StoredTensor;
import io.aicoder.checkpoint.StoredType;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.finetune.peft.NamedTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a checkpoint keeps beside what was trained: {@code optimizer.safetensors} and {@code
 * training.json}.
 */
final class SavedState {

  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String PROGRESS = "training.json";

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  private SavedState() {}

  static void writeInto(Path directory, Progress progress, List<NamedTensor> optimizer)
      throws IOException {
    Path file = directory.resolve(OPTIMIZER);
    List<StoredTensor> entries =
        optimizer.stream()
            .map(tensor -> new StoredTensor(tensor.name(), file, StoredType.F32, tensor.shape(), 0))
            .toList();
    try (SafeTensorsWriter writer = new SafeTensorsWriter(file, entries)) {
      for (NamedTensor tensor : optimizer) {
        writer.write(tensor.values());
      }
      writer.finish();
    }
    Files.write(
        directory.resolve(PROGRESS),
        MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(progress));
  }

  static Progress progress(Path directory) {
    Path file = directory.resolve(PROGRESS);
    try {
      return MAPPER.readValue(file.toFile(), Progress.class);
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          file + ": cannot be read (" + e.getMessage() + "): go on from another checkpoint",
          e);
    }
  }

  /** Returns the optimizer's tensors, two for each trainable. */
  static List<float[]> means(Path directory, List<Trainable> trainables) {
    Map<String, StoredTensor> stored = SafeTensors.read(directory.resolve(OPTIMIZER));
    List<float[]> means = new ArrayList<>();
    for (Trainable trainable : trainables) {
      for (String name : Learner.stateNames(trainable)) {
        StoredTensor tensor = stored.get(name);
        if (tensor == null || !tensor.shape().equals(trainable.shape())) {
          throw new AiCoderException(
              ErrorCategory.CHECKPOINT,
              directory.resolve(OPTIMIZER) + ": lacks " + name + ": go on from another checkpoint");
        }
        means.add(tensor.values());
      }
    }
    return means;
  }
}
