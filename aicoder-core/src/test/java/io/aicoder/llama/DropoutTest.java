package io.aicoder.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.Projection;
import io.aicoder.fixture.Recording;
import io.aicoder.llama.TrainedParameter.Kind;
import java.util.function.BiConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What dropout takes away, and when. */
class DropoutTest {

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void onlyTrainingDrops(boolean dora) {
    with(
        (checkpoint, program) -> {
          TrainedSetting setting = new TrainedSetting(program.manager());
          setting.addLora(checkpoint.config(), dora, false);
          TrainingProgram.Examples examples = setting.examples(checkpoint.config());
          TrainingProgram without = training(program, setting, 0);
          double undisturbed = without.loss(examples, setting.values).getDouble();
          TrainingProgram with = training(program, setting, 0.5);
          assertThat(with.loss(examples, setting.values, 1).get(0).getDouble())
              .isNotCloseTo(undisturbed, within(0.01));
          assertThat(with.loss(examples, setting.values).getDouble()).isEqualTo(undisturbed);
        });
  }

  /**
   * PEFT's DoRA under dropout, with c = m / |W + s B A| and x' what is left of x, is {@code W x +
   * (c - 1) W x' + c s B A x'}: a LoRA of W whose factors are those of both terms.
   */
  @ParameterizedTest
  @ValueSource(doubles = {0, 0.4})
  void doraIsLoraOfWhatIsLeft(double dropout) {
    with(
        (checkpoint, program) -> {
          LlamaConfig config = checkpoint.config();
          TrainedSetting dora = new TrainedSetting(program.manager());
          dora.addLora(config, true, false);
          TrainedSetting lora = new TrainedSetting(program.manager());
          for (int i = 0; i < dora.parameters.size(); i += 3) {
            addSame(lora, dora, i, weight(program.manager(), checkpoint, i / 3));
          }
          TrainingProgram.Examples examples = dora.examples(config);
          double first =
              training(program, dora, dropout).loss(examples, dora.values, 1).get(0).getDouble();
          double second =
              training(program, lora, dropout).loss(examples, lora.values, 1).get(0).getDouble();
          assertThat(first).isCloseTo(second, within(1e-4));
        });
  }

  private static NDArray weight(NDManager manager, Checkpoint checkpoint, int number) {
    Projection[] all = Projection.values();
    Projection projection = all[number % all.length];
    return manager.create(
        checkpoint.weight(number / all.length, projection).values(),
        new Shape(projection.out(checkpoint.config()), projection.in(checkpoint.config())));
  }

  private static void addSame(TrainedSetting lora, TrainedSetting dora, int first, NDArray weight) {
    NDArray a = dora.values.get(first);
    NDArray b = dora.values.get(first + 1);
    NDArray product = b.matMul(a).mul(TrainedSetting.SCALING);
    NDArray lengths = weight.add(product).pow(2).sum(new int[] {1}).sqrt();
    NDArray factor = dora.values.get(first + 2).div(lengths).expandDims(1);
    String module = dora.parameters.get(first).module();
    lora.add(module, Kind.LORA_A, a.concat(weight.getManager().eye((int) a.getShape().get(1))));
    lora.add(
        module,
        Kind.LORA_B,
        NDArrays.concat(
            new NDList(b.mul(factor), weight.mul(factor.sub(1)).div(TrainedSetting.SCALING)), 1));
  }

  private static TrainingProgram training(
      LlamaProgram program, TrainedSetting setting, double dropout) {
    return new TrainingProgram(
        program,
        setting.parameters,
        new TrainingProgram.Options(true, dropout, ComputeType.FP32, true));
  }

  private static void with(BiConsumer<Checkpoint, LlamaProgram> test) {
    Checkpoint checkpoint = Checkpoint.open(Recording.path("checkpoints/tied"));
    try (LlamaProgram program = WeightLoader.load(checkpoint, ComputeType.FP32)) {
      test.accept(checkpoint, program);
    }
  }
}
