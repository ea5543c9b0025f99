package io.aicoder.finetune.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.aicoder.llama.TrainingProgram;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A DJL block whose parameters are what is trained, on the frozen weights of a program, which it
 * does not own.
 *
 * <p>Its inputs are those of {@link #inputs}. Its outputs are the sum of the losses, a float64
 * scalar, and when training a scalar that only its gradients are worth anything of.
 */
final class TrainedBlock extends AbstractBlock {

  private static final byte VERSION = 1;

  private final TrainingProgram program;
  private final List<Parameter> order = new ArrayList<>();

  TrainedBlock(TrainingProgram program, List<Trainable> trainables, NDList values) {
    super(VERSION);
    this.program = program;
    for (int i = 0; i < trainables.size(); i++) {
      Parameter parameter =
          addParameter(
              Parameter.builder()
                  .setName(trainables.get(i).name())
                  .setType(Parameter.Type.WEIGHT)
                  .build());
      parameter.setArray(values.get(i));
      order.add(parameter);
    }
  }

  /** Returns the parameters in the order of the trainables. */
  List<Parameter> order() {
    return order;
  }

  /**
   * Puts examples into arrays.
   *
   * @param scale what the sum of the losses is multiplied by for the gradients
   */
  static NDList inputs(NDManager manager, MicroBatch batch, double scale, long seed) {
    return new NDList(
        manager.create(batch.ids()),
        manager.create(batch.targets()),
        manager.create(batch.lengths()),
        manager.create(seed),
        manager.create(scale));
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store,
      NDList inputs,
      boolean training,
      @Nullable PairList<String, Object> options) {
    NDArray ids = inputs.get(0);
    NDList values = new NDList();
    for (Parameter parameter : order) {
      values.add(store.getValue(parameter, ids.getDevice(), training));
    }
    TrainingProgram.Examples examples =
        new TrainingProgram.Examples(
            ids, inputs.get(1), inputs.get(2).toIntArray(), inputs.get(3).getLong());
    return training
        ? program.loss(examples, values, inputs.get(4).getDouble())
        : new NDList(program.loss(examples, values));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(), new Shape()};
  }

  @Override
  public DataType[] getOutputDataTypes() {
    return new DataType[] {DataType.FLOAT64, DataType.FLOAT32};
  }
}
