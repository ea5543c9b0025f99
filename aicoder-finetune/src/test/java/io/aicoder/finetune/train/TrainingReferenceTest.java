package io.aicoder.finetune.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.finetune.peft.ModelCard;
import io.aicoder.finetune.peft.NamedTensor;
import io.aicoder.finetune.peft.SavedAdapter;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.llama.Placement;
import io.aicoder.llama.TorchRuntime;
import io.aicoder.llama.TrainingProgram;
import io.aicoder.llama.WeightLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.lucene.util.IOUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fifty steps go as with PEFT and PyTorch: {@code record_training.py} recorded them. */
class TrainingReferenceTest {

  /** How far losses, relative gradient norms and trained values may be from the recorded ones. */
  private record Tolerance(double loss, double norm, double value) {

    /** In bf16 each activation is rounded to three digits, elsewhere than PEFT rounds it. */
    static Tolerance of(ComputeType format) {
      return format == ComputeType.FP32
          ? new Tolerance(1e-4, 1e-3, 1e-3)
          : new Tolerance(0.1, 0.4, 0.015);
    }
  }

  static List<String> names() {
    return RecordedTraining.names();
  }

  @BeforeAll
  static void startEngine() {
    TorchRuntime.start(0);
  }

  @ParameterizedTest
  @MethodSource("names")
  void fiftyStepsGoAsWithPeft(String name) throws IOException {
    RecordedTraining recorded = new RecordedTraining(name);
    Checkpoint base = recorded.base();
    ComputeType format = recorded.format();
    Learner.Start start = recorded.start();
    try (LlamaProgram program =
        WeightLoader.load(base, format, Placement.on("cpu"), (bytes, total) -> {})) {
      TrainingProgram training =
          new TrainingProgram(
              program,
              start.trainables().stream().map(Trainable::parameter).toList(),
              new TrainingProgram.Options(true, 0, format, recorded.tiedHead()));
      try (Learner learner = new Learner(training, start, recorded.settings(), List.of())) {
        Tolerance tolerance = Tolerance.of(format);
        stepsAreAsRecorded(learner, recorded, tolerance);
        valuesAreAsRecorded(learner, recorded.end(), tolerance);
        if (!recorded.full()) {
          keep(name, recorded, learner.tensors());
        }
      }
    }
  }

  /** Leaves the adapter to real PEFT, which {@code check_trained.py} trains on from it. */
  private static void keep(String name, RecordedTraining recorded, List<NamedTensor> tensors)
      throws IOException {
    Path folder = Path.of("target", "trained", name);
    IOUtils.rm(folder);
    recorded.files().write(folder, tensors, ModelCard.of(name));
    List<NamedTensor> written = SavedAdapter.open(folder, recorded.base()).tensors();
    assertThat(written).containsAll(tensors);
    assertThat(written).hasSize(tensors.size() + (recorded.tiedHead() ? 1 : 0));
  }

  private static void stepsAreAsRecorded(
      Learner learner, RecordedTraining recorded, Tolerance tolerance) {
    List<JsonNode> steps = recorded.steps();
    assertThat(steps).hasSize(50);
    for (int i = 0; i < steps.size(); i++) {
      Learner.Step step = learner.step(recorded.batches(i));
      JsonNode expected = steps.get(i);
      double norm = expected.get("gradient_norm").asDouble();
      assertThat(step.lossTokens()).isEqualTo(expected.get("loss_tokens").asInt());
      assertThat(step.loss())
          .as("loss of step " + i)
          .isCloseTo(expected.get("loss").asDouble(), within(tolerance.loss));
      assertThat(step.gradientNorm())
          .as("gradient norm of step " + i)
          .isCloseTo(norm, within(tolerance.norm * norm));
      assertThat(step.rate())
          .isCloseTo(expected.get("learning_rates").get(0).asDouble(), within(1e-9));
    }
  }

  private static void valuesAreAsRecorded(
      Learner learner, Map<String, float[]> end, Tolerance tolerance) {
    List<NamedTensor> tensors = learner.tensors();
    assertThat(tensors).hasSameSizeAs(end.keySet());
    for (NamedTensor tensor : tensors) {
      float[] expected = Objects.requireNonNull(end.get(tensor.name()), tensor.name());
      assertThat(tensor.numbers())
          .as(tensor.name())
          .containsExactly(expected, within((float) tolerance.value));
    }
  }
}
