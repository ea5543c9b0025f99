package io.aicoder.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.fixture.Recording;
import io.aicoder.llama.TrainedParameter.Kind;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The gradients are those of the losses: each is compared with a difference of two losses. */
class GradientTest {

  @ParameterizedTest
  @CsvSource({
    "tied, lora, true, 0",
    "tied, lora, false, 0",
    "tied, lora, false, 0.3",
    "tied, dora, true, 0",
    "tied, dora, true, 0.3",
    "tied, bias, true, 0",
    "tied, full, true, 0",
    "mistral, lora, true, 0",
    "mistral, autograd, true, 0",
    "tied, autograd, false, 0",
    "qwen2, lora, false, 0",
    "untied, full, false, 0",
  })
  void areThoseOfTheLosses(String checkpoint, String trained, boolean keep, double dropout) {
    Checkpoint opened = Checkpoint.open(Recording.path("checkpoints/" + checkpoint));
    LlamaConfig config = opened.config();
    try (LlamaProgram program = WeightLoader.load(opened, ComputeType.FP32);
        NDManager manager = program.manager().newSubManager()) {
      TrainedSetting setting = new TrainedSetting(manager);
      if (trained.equals("full")) {
        setting.addAll(config);
      } else {
        setting.addLora(config, trained.equals("dora"), trained.equals("bias"));
      }
      TrainingProgram training =
          new TrainingProgram(
              program,
              setting.parameters,
              new TrainingProgram.Options(
                  keep, dropout, ComputeType.FP32, config.tiedEmbeddings()));
      if (trained.equals("autograd")) {
        program.callLong("train_as_gpu"); // as on a GPU
      }
      TrainingProgram.Examples examples = setting.examples(config);
      double scale = 0.25;
      NDList values = setting.values;
      values.forEach(value -> value.setRequiresGradient(true));
      double loss;
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        NDList found = training.loss(examples, values, scale);
        loss = found.get(0).getDouble();
        collector.backward(found.get(1));
      }
      assertThat(loss).isPositive();
      for (int i = 0; i < values.size(); i++) {
        NDArray value = values.get(i);
        NDArray gradient = value.getGradient();
        NDArray direction = setting.random(value.getShape().getShape(), 1);
        direction = direction.div(direction.norm());
        // The gradient's own direction, a little off: along a random one alone it would hardly
        // change.
        direction = direction.add(gradient.div(gradient.norm().add(1e-9f)));
        double expected = gradient.mul(direction).sum().getFloat();
        if (trained.equals("dora") && setting.parameters.get(i).kind() != Kind.MAGNITUDE) {
          continue; // DoRA's gradients take the norms for constants, which the losses do not
        }
        NDArray along = direction;
        int which = i;
        DoubleUnaryOperator slope =
            step ->
                (moved(training, examples, values, which, along, step)
                        - moved(training, examples, values, which, along, -step))
                    * scale
                    / (2 * step);
        // Richardson's extrapolation: the error of the third order cancels.
        double difference = (4 * slope.applyAsDouble(0.004) - slope.applyAsDouble(0.008)) / 3;
        assertThat(difference)
            .as(setting.parameters.get(i).toString())
            .isCloseTo(expected, within(5e-3 + 0.01 * Math.abs(expected)));
      }
    }
  }

  private static double moved(
      TrainingProgram training,
      TrainingProgram.Examples examples,
      NDList values,
      int which,
      NDArray direction,
      double step) {
    NDList changed = new NDList(values);
    changed.set(which, values.get(which).duplicate().add(direction.mul(step)));
    return training.loss(examples, changed, 1).get(0).getDouble(); // with dropout
  }
}
