package io.aicoder.finetune.train;

import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.checkpoint.LoraLayout;
import io.aicoder.checkpoint.Projection;
import io.aicoder.checkpoint.StoredTensor;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.finetune.peft.AdapterFiles;
import io.aicoder.llama.TrainedParameter;
import io.aicoder.llama.TrainedParameter.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What is trained, and what it begins with. */
final class Trainables {

  private static final String PREFIX = "base_model.model.";

  /** The ends of names in PEFT's files, the longer before those that end alike. */
  private static final Map<String, Kind> ENDS = new LinkedHashMap<>();

  static {
    ENDS.put(".lora_A.weight", Kind.LORA_A);
    ENDS.put(".lora_B.weight", Kind.LORA_B);
    ENDS.put(".lora_B.bias", Kind.LORA_BIAS);
    ENDS.put(".lora_magnitude_vector", Kind.MAGNITUDE);
    ENDS.put(".base_layer.bias", Kind.BIAS);
    ENDS.put(".bias", Kind.BIAS);
    ENDS.put(".weight", Kind.WEIGHT);
  }

  private Trainables() {}

  /**
   * Returns the tensors of an adapter.
   *
   * @throws AiCoderException (REQUEST) when one cannot be trained here
   */
  static List<Trainable> of(AdapterFiles files) {
    LoraLayout layout = files.layout();
    Map<String, Double> scaling =
        layout.adapted().stream()
            .collect(Collectors.toMap(LoraLayout.Adapted::name, LoraLayout.Adapted::scaling));
    List<Trainable> trainables = new ArrayList<>();
    files
        .trained()
        .forEach(
            (name, shape) -> {
              Map.Entry<String, Kind> end = end(name);
              String module =
                  name.substring(PREFIX.length(), name.length() - end.getKey().length());
              double factor = scaling.getOrDefault(module, 1.0);
              trainables.add(
                  new Trainable(name, new TrainedParameter(module, end.getValue(), factor), shape));
            });
    return trainables;
  }

  private static Map.Entry<String, Kind> end(String name) {
    for (Map.Entry<String, Kind> end : ENDS.entrySet()) {
      if (name.endsWith(end.getKey())) {
        return end;
      }
    }
    throw new AiCoderException(
        ErrorCategory.REQUEST,
        name
            + ": factors of the embedding cannot be trained here: name embed_tokens in modules to"
            + " save instead");
  }

  /** Returns all tensors of a checkpoint. */
  static List<Trainable> all(Checkpoint checkpoint) {
    LlamaConfig config = checkpoint.config();
    List<Trainable> trainables = new ArrayList<>();
    List<StoredTensor> norms = new ArrayList<>();
    trainables.add(whole(checkpoint.embedding(), Kind.WEIGHT));
    for (int layer = 0; layer < config.layers(); layer++) {
      norms.add(checkpoint.attentionNorm(layer));
      norms.add(checkpoint.mlpNorm(layer));
      for (Projection projection : Projection.values()) {
        trainables.add(whole(checkpoint.weight(layer, projection), Kind.WEIGHT));
        StoredTensor bias = checkpoint.bias(layer, projection);
        if (bias != null) {
          trainables.add(whole(bias, Kind.BIAS));
        }
      }
    }
    norms.add(checkpoint.finalNorm());
    norms.forEach(norm -> trainables.add(whole(norm, Kind.WEIGHT)));
    if (!config.tiedEmbeddings()) {
      trainables.add(whole(checkpoint.head(), Kind.WEIGHT));
    }
    return trainables;
  }

  private static Trainable whole(StoredTensor tensor, Kind kind) {
    String name = tensor.name();
    String module = name.substring(0, name.lastIndexOf('.'));
    return new Trainable(name, new TrainedParameter(module, kind, 1), tensor.shape());
  }

  /**
   * Returns what a tensor begins with: A is uniform in ±1/√in (PEFT's {@code kaiming_uniform_} with
   * {@code a = √5}), B is zero, magnitudes are the lengths of the base's rows, and what takes the
   * place of a tensor of the base begins as that.
   *
   * @param rowLengths returns the lengths of the rows of a module's matrix, as it is held
   * @param random is drawn from in the order of the tensors
   */
  static float[] initial(
      Trainable trainable,
      Checkpoint base,
      Function<String, float[]> rowLengths,
      SplittableRandom random) {
    int size = Math.toIntExact(trainable.size());
    return switch (trainable.kind()) {
      case LORA_A -> uniform(size, 1 / Math.sqrt(trainable.shape().get(1)), random);
      case LORA_B, LORA_BIAS -> new float[size];
      case MAGNITUDE -> rowLengths.apply(trainable.parameter().module());
      case WEIGHT, BIAS -> stored(base, trainable).values();
    };
  }

  private static float[] uniform(int size, double bound, SplittableRandom random) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    return values;
  }

  private static StoredTensor stored(Checkpoint base, Trainable trainable) {
    String module = trainable.parameter().module();
    if (module.equals(LoraAdapter.HEAD) && base.config().tiedEmbeddings()) {
      return base.embedding();
    }
    return base.tensor(module + (trainable.kind() == Kind.BIAS ? ".bias" : ".weight"));
  }
}
