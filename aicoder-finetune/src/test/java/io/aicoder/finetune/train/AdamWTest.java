package io.aicoder.finetune.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.finetune.TinyModel;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.llama.Placement;
import io.aicoder.llama.TorchRuntime;
import io.aicoder.llama.TrainingProgram;
import io.aicoder.llama.WeightLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Why the optimizer and the clipping are not DJL's. */
class AdamWTest {

  private static final double RATE = 1e-2;

  private static LlamaProgram model;
  private static TrainingProgram program;

  @BeforeAll
  static void load(@TempDir Path folder) throws IOException {
    TorchRuntime.start(1);
    Checkpoint base = Checkpoint.open(TinyModel.write(folder.resolve("base")));
    model = WeightLoader.load(base, ComputeType.FP32, Placement.on("cpu"), (bytes, total) -> {});
    program =
        new TrainingProgram(
            model, List.of(), new TrainingProgram.Options(true, 0, ComputeType.FP32, false));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /**
   * A first step with a gradient as small as epsilon is half the rate by PyTorch's documented
   * formula, {@code rate · m̂ / (√v̂ + ε)}; DJL divides by {@code √v + ε}, and hardly moves.
   */
  @Test
  void smallGradientsMoveAsWithPyTorch() {
    try (NDManager manager = program.newManager()) {
      NDArray gradient = manager.create(new float[] {1e-8f});
      NDArray ours = manager.create(new float[] {0});
      program.adamw(
          ours,
          gradient,
          manager.create(new float[] {0}),
          manager.create(new float[] {0}),
          1,
          new TrainingProgram.AdamW(RATE, 0.9, 0.999, 0, 1e-8));
      assertThat((double) ours.getFloat(0)).isCloseTo(-RATE / 2, within(1e-3 * RATE));

      NDArray theirs = manager.create(new float[] {0});
      Optimizer djl =
          Optimizer.adamW()
              .optLearningRateTracker(Tracker.fixed((float) RATE))
              .optWeightDecays(0)
              .build();
      djl.update("p", theirs, gradient);
      assertThat((double) theirs.getFloat(0)).isBetween(-RATE / 20, 0.0);
    }
  }

  /** All gradients together get the length, both signs alike; DJL cuts positive numbers alone. */
  @Test
  void clippingKeepsTheDirection() {
    try (NDManager manager = program.newManager()) {
      NDArray first = manager.create(new float[] {3, -3});
      NDArray second = manager.create(new float[] {-4, 4});
      double norm = program.clip(new NDList(first, second), 1);
      assertThat(norm).isCloseTo(Math.sqrt(50), within(1e-5));
      float part = (float) (1 / Math.sqrt(50));
      assertThat(first.toFloatArray())
          .containsExactly(new float[] {3 * part, -3 * part}, within(1e-5f));
      assertThat(second.toFloatArray())
          .containsExactly(new float[] {-4 * part, 4 * part}, within(1e-5f));
      NDArray left = manager.create(new float[] {3, -4});
      assertThat(program.clip(new NDList(left), 0)).isCloseTo(5, within(1e-5));
      assertThat(left.toFloatArray()).containsExactly(3, -4);

      NDArray theirs = manager.create(new float[] {0, 0});
      Optimizer djl =
          Optimizer.sgd().setLearningRateTracker(Tracker.fixed(1)).optClipGrad(1).build();
      djl.update("p", theirs, manager.create(new float[] {3, -3}));
      assertThat(theirs.toFloatArray()).containsExactly(-1, 3);
    }
  }
}
