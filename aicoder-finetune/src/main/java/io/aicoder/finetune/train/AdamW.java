package io.aicoder.finetune.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.aicoder.llama.TrainingProgram;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * AdamW (arXiv 1711.05101) by libtorch's fused kernel, as PyTorch computes it.
 *
 * <p>DJL's own adds epsilon to what PyTorch adds it to after another correction, so that its steps
 * differ as long as gradients are small; it has one rate for all; and its state cannot be saved.
 */
final class AdamW extends Optimizer {

  /**
   * The numbers that do not change.
   *
   * @param decay the weight decay of tensors that decay
   * @param loraPlusRatio how many times the rate of A that of B and of all vectors is (LoRA+: arXiv
   *     2402.12354)
   */
  record Settings(double beta1, double beta2, double epsilon, double decay, double loraPlusRatio) {}

  private final TrainingProgram program;
  private final Settings settings;
  private final Tracker rate;
  private final Map<String, State> states = new HashMap<>();

  private record State(Trainable trainable, NDArray mean, NDArray square) {}

  private AdamW(Builder builder, TrainingProgram program, Settings settings, Tracker rate) {
    super(builder);
    this.program = program;
    this.settings = settings;
    this.rate = rate;
  }

  /**
   * Makes one whose running means are zero.
   *
   * @param manager owns the running means
   * @param steps how many steps were done before
   */
  static AdamW create(
      TrainingProgram program,
      Settings settings,
      Tracker rate,
      List<Trainable> trainables,
      List<Parameter> parameters,
      NDManager manager,
      int steps) {
    AdamW adamW = new AdamW(new Builder().optBeginNumUpdate(steps), program, settings, rate);
    for (int i = 0; i < parameters.size(); i++) {
      NDArray value = parameters.get(i).getArray();
      NDArray mean = manager.zeros(value.getShape());
      NDArray square = manager.zeros(value.getShape());
      adamW.states.put(parameters.get(i).getId(), new State(trainables.get(i), mean, square));
    }
    return adamW;
  }

  /** Returns the running means of a parameter: of its gradients, and of their squares. */
  NDList state(Parameter parameter) {
    State state = Objects.requireNonNull(states.get(parameter.getId()));
    return new NDList(state.mean, state.square);
  }

  /** Returns the rate of a step, counted from 1, for A and most others. */
  double rate(int step) {
    return rate.getNewValue(step - 1);
  }

  @Override
  public void update(String parameterId, NDArray weight, NDArray gradient) {
    int step = updateCount(parameterId);
    State state = Objects.requireNonNull(states.get(parameterId));
    double factor = state.trainable.fast() ? settings.loraPlusRatio : 1;
    program.adamw(
        weight,
        gradient,
        state.mean,
        state.square,
        step,
        new TrainingProgram.AdamW(
            rate(step) * factor,
            settings.beta1,
            settings.beta2,
            state.trainable.decays() ? settings.decay : 0,
            settings.epsilon));
  }

  private static final class Builder extends OptimizerBuilder<Builder> {

    @Override
    protected Builder self() {
      return this;
    }
  }
}
