package io.aicoder.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.Projection;
import io.aicoder.fixture.Recording;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gradients in the number formats of the base, as the processor and as a GPU computes them. */
class TrainingFormatsTest {

  private static final Checkpoint TIED = Checkpoint.open(Recording.path("checkpoints/tied"));

  private final Path cache;

  TrainingFormatsTest(@TempDir Path cache) {
    this.cache = cache;
  }

  /** On the processor, but as a GPU does: only its kernels differ. */
  @ParameterizedTest
  @CsvSource({
    "BF16, none, none, 0.04",
    "FP16, none, none, 0.01",
    "BF16, int8, int8, 0.06",
    "BF16, int4, int4, 0.06",
    "BF16, int8, none, 0.06",
  })
  void aGpusGradientsAreThoseOfTheProcessor(
      ComputeType type, String quantized, String exact, double error) {
    List<float[]> expected;
    try (LlamaProgram program = load(ComputeType.FP32, exact, false)) {
      expected = gradients(program, ComputeType.FP32, false, 1);
    }
    try (LlamaProgram program = load(type, quantized, true)) {
      List<float[]> found = gradients(program, type, true, 1);
      for (int i = 0; i < expected.size(); i++) {
        float[] wanted = expected.get(i);
        assertThat(distance(found.get(i), wanted) / distance(wanted, new float[wanted.length]))
            .as("of gradient " + i)
            .isLessThan(error);
      }
    }
  }

  /** A mean over many tokens would fall below the least number of fp16 if it were taken early. */
  @Test
  void theScaleCostsNoDigits() {
    double scale = 1.0 / (1 << 20);
    try (LlamaProgram program = load(ComputeType.FP16, "none", false)) {
      List<float[]> sums = gradients(program, ComputeType.FP16, true, 1);
      List<float[]> means = gradients(program, ComputeType.FP16, true, scale);
      for (int i = 0; i < sums.size(); i++) {
        for (int k = 0; k < sums.get(i).length; k++) {
          assertThat(means.get(i)[k]).isEqualTo((float) (sums.get(i)[k] * scale));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"none, 1e-6", "int8, 1e-2", "int4, 0.2"})
  void lengthsAreThoseOfTheRowsAsTheyAreHeld(String quantized, double most) {
    try (LlamaProgram program = load(ComputeType.FP32, quantized, false);
        NDManager manager = program.manager().newSubManager()) {
      TrainedSetting setting = new TrainedSetting(manager);
      setting.addLora(TIED.config(), false, false);
      TrainingProgram training = training(program, setting, ComputeType.FP32);
      double furthest = 0;
      for (Projection projection : Projection.values()) {
        float[] lengths = training.rowLengths(projection.module(1));
        float[] weight = TIED.weight(1, projection).values();
        int columns = projection.in(TIED.config());
        assertThat(lengths).hasSize(projection.out(TIED.config()));
        for (int row = 0; row < lengths.length; row++) {
          double sum = 0;
          for (int column = 0; column < columns; column++) {
            sum += Math.pow(weight[row * columns + column], 2);
          }
          furthest = Math.max(furthest, Math.abs(lengths[row] / Math.sqrt(sum) - 1));
        }
      }
      assertThat(furthest).isLessThan(most);
      if (!quantized.equals("none")) {
        assertThat(furthest).as("of quantized rows").isGreaterThan(1e-5);
      }
      assertThat(training.rowLengths("lm_head")).hasSize(TIED.config().vocabularySize());
      assertThatThrownBy(() -> training.rowLengths("model.norm"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("model.norm");
    }
  }

  @Test
  void valuesStandBesideTheWeights() {
    try (LlamaProgram program = load(ComputeType.FP32, "none", false);
        NDManager manager = program.manager().newSubManager()) {
      TrainedSetting setting = new TrainedSetting(manager);
      setting.addLora(TIED.config(), false, false);
      try (NDManager own = training(program, setting, ComputeType.FP32).newManager()) {
        assertThat(own.getDevice()).isEqualTo(program.device());
        assertThat(own.getParentManager()).isEqualTo(program.manager());
      }
    }
  }

  private LlamaProgram load(ComputeType type, String quantized, boolean asGpu) {
    Placement cpu = Placement.on(Placement.CPU);
    Quantization quantization =
        switch (quantized) {
          case "int8" -> new Quantization.Int8();
          case "int4" -> new Quantization.Int4(32);
          default -> new Quantization.None();
        };
    if (quantization instanceof Quantization.None) {
      return WeightLoader.load(TIED, type);
    }
    return WeightLoader.load(TIED, quantization, type, cache, cpu, (bytes, total) -> {}, asGpu);
  }

  private static TrainingProgram training(
      LlamaProgram program, TrainedSetting setting, ComputeType type) {
    return new TrainingProgram(
        program, setting.parameters, new TrainingProgram.Options(true, 0, type, true));
  }

  private static List<float[]> gradients(
      LlamaProgram program, ComputeType type, boolean asGpu, double scale) {
    try (NDManager manager = program.manager().newSubManager()) {
      TrainedSetting setting = new TrainedSetting(manager);
      setting.addLora(TIED.config(), true, true);
      TrainingProgram training = training(program, setting, type);
      if (asGpu) {
        program.callLong("train_as_gpu");
      }
      TrainingProgram.Examples examples = setting.examples(TIED.config());
      setting.values.forEach(value -> value.setRequiresGradient(true));
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        NDList found = training.loss(examples, setting.values, scale);
        assertThat(found.get(0).getDouble()).isPositive();
        assertThat(found.get(0).getDouble())
            .isCloseTo(training.loss(examples, setting.values).getDouble(), within(1e-3));
        collector.backward(found.get(1));
      }
      List<float[]> gradients = new ArrayList<>();
      setting.values.forEach(value -> gradients.add(value.getGradient().toFloatArray()));
      return gradients;
    }
  }

  private static double distance(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += Math.pow((double) one[i] - other[i], 2);
    }
    return Math.sqrt(sum);
  }
}
