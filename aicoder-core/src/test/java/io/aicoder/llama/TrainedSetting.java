package io.aicoder.llama;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.checkpoint.Projection;
import io.aicoder.llama.TrainedParameter.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What is trained in a test, with random first values, and what it is trained on. */
final class TrainedSetting {

  /** Of B A x. */
  static final double SCALING = 2.5;

  private static final int[] LENGTHS = {5, 9, 9, 3};

  final List<TrainedParameter> parameters = new ArrayList<>();
  final NDList values = new NDList();
  private final NDManager manager;
  private final Random random = new Random(3);

  TrainedSetting(NDManager manager) {
    this.manager = manager;
  }

  void add(String module, Kind kind, NDArray value) {
    parameters.add(new TrainedParameter(module, kind, SCALING));
    values.add(value);
  }

  void add(String module, Kind kind, double spread, double mean, long... shape) {
    add(module, kind, random(shape, spread).add((float) mean));
  }

  NDArray random(long[] shape, double spread) {
    float[] numbers = new float[(int) new Shape(shape).size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) (random.nextGaussian() * spread);
    }
    return manager.create(numbers, new Shape(shape));
  }

  void addLora(LlamaConfig config, boolean dora, boolean bias) {
    for (int layer = 0; layer < config.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        int rank = projection == Projection.V ? 3 : 4;
        String module = projection.module(layer);
        add(module, Kind.LORA_A, 0.1, 0, rank, projection.in(config));
        add(module, Kind.LORA_B, 0.1, 0, projection.out(config), rank);
        if (dora) {
          add(module, Kind.MAGNITUDE, 0.1, 1, projection.out(config));
        }
        if (bias) {
          add(module, Kind.BIAS, 0.1, 0, projection.out(config));
          add(module, Kind.LORA_BIAS, 0.1, 0, projection.out(config));
        }
      }
    }
  }

  void addAll(LlamaConfig config) {
    long hidden = config.hiddenSize();
    for (int layer = 0; layer < config.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        add(
            projection.module(layer),
            Kind.WEIGHT,
            0.1,
            0,
            projection.out(config),
            projection.in(config));
      }
      add("model.layers." + layer + ".input_layernorm", Kind.WEIGHT, 0.1, 1, hidden);
      add("model.layers." + layer + ".post_attention_layernorm", Kind.WEIGHT, 0.1, 1, hidden);
    }
    add("model.norm", Kind.WEIGHT, 0.1, 1, hidden);
    add(LoraAdapter.EMBEDDING, Kind.WEIGHT, 0.3, 0, config.vocabularySize(), hidden);
    if (!config.tiedEmbeddings()) {
      add(LoraAdapter.HEAD, Kind.WEIGHT, 0.1, 0, config.vocabularySize(), hidden);
    }
  }

  /** Returns four examples of random tokens, two of whose targets are ignored. */
  TrainingProgram.Examples examples(LlamaConfig config) {
    int tokens = 0;
    for (int length : LENGTHS) {
      tokens += length;
    }
    long[] ids = random.longs(tokens, 0, config.vocabularySize()).toArray();
    long[] targets = random.longs(tokens, 0, config.vocabularySize()).toArray();
    targets[2] = TrainingProgram.IGNORED;
    targets[tokens - 1] = TrainingProgram.IGNORED;
    return new TrainingProgram.Examples(manager.create(ids), manager.create(targets), LENGTHS, 5);
  }
}
