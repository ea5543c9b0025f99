package io.aicoder.finetune.train;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import ai.djl.training.tracker.Tracker;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.finetune.data.Batch;
import io.aicoder.finetune.data.RecordSource;
import io.aicoder.finetune.peft.NamedTensor;
import io.aicoder.llama.TrainingProgram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * DJL's {@code Trainer} over a {@link TrainedBlock}: takes steps, and measures losses.
 *
 * <p>Belongs to the thread that made the program. Owns the trained tensors and the optimizer's; not
 * the program.
 */
final class Learner implements AutoCloseable {

  private static final int NAMED_RECORDS = 8;

  /**
   * DJL collects gradients of one pass at a time in a process, and dropout draws from libtorch's
   * one generator: trainings beside each other take turns.
   */
  private static final ReentrantLock PASS = new ReentrantLock();

  private final TrainingProgram program;
  private final List<Trainable> trainables;
  private final NDManager manager;
  private final TrainedBlock block;
  private final AdamW optimizer;
  private final Model model;
  private final Trainer trainer;
  private final double longestGradient;
  private final long seed;
  private int steps;

  /**
   * What a learner begins with.
   *
   * @param trainables what is trained
   * @param values their numbers, in this order
   * @param steps how many steps were done before
   * @param means the running means of gradients and of their squares for each trainable; empty:
   *     zero
   */
  record Start(List<Trainable> trainables, List<float[]> values, int steps, List<float[]> means) {}

  /**
   * How it learns.
   *
   * @param longestGradient what gradients are clipped to; 0: not
   * @param seed of the dropout
   */
  record Settings(AdamW.Settings adamW, Tracker rate, double longestGradient, long seed) {}

  /**
   * What a step did.
   *
   * @param lossSum over its loss tokens
   * @param gradientNorm before clipping
   */
  record Step(
      int number, double lossSum, int lossTokens, int tokens, double gradientNorm, double rate) {

    double loss() {
      return lossSum / lossTokens;
    }
  }

  Learner(
      TrainingProgram program, Start start, Settings settings, List<TrainingListener> listeners) {
    this.program = program;
    this.trainables = start.trainables;
    this.manager = program.newManager();
    this.longestGradient = settings.longestGradient;
    this.seed = settings.seed;
    this.steps = start.steps;
    NDList values = new NDList();
    for (int i = 0; i < trainables.size(); i++) {
      values.add(array(start.values.get(i), shape(trainables.get(i))));
    }
    block = new TrainedBlock(program, trainables, values);
    optimizer =
        AdamW.create(
            program, settings.adamW, settings.rate, trainables, block.order(), manager, steps);
    for (int i = 0; i < start.means.size(); i++) {
      NDArray mean = optimizer.state(block.order().get(i / 2)).get(i % 2);
      try (NDArray saved = array(start.means.get(i), mean.getShape())) {
        saved.copyTo(mean);
      }
    }
    Device device = manager.getDevice();
    model = Model.newInstance("trained", device, "PyTorch");
    model.setBlock(block);
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(Loss.l2Loss()) // required, and not used: the block has its own
            .optOptimizer(optimizer)
            .optDevices(new Device[] {device})
            .addTrainingListeners(listeners.toArray(TrainingListener[]::new));
    trainer = model.newTrainer(config);
    trainer.initialize(new Shape(1), new Shape(1));
  }

  private static Shape shape(Trainable trainable) {
    return new Shape(trainable.shape().stream().mapToLong(Long::longValue).toArray());
  }

  private NDArray array(float[] numbers, Shape shape) {
    return manager.create(numbers, shape);
  }

  /**
   * Takes one step: gradients over all micro-batches together, so that each loss token counts the
   * same, then one change.
   *
   * @throws AiCoderException (EXECUTION) when a loss or gradient is not finite, before anything is
   *     changed
   */
  Step step(List<Batch> batches) {
    int lossTokens = batches.stream().mapToInt(Batch::lossTokens).sum();
    int tokens = batches.stream().mapToInt(Batch::tokens).sum();
    double sum = 0;
    PASS.lock();
    try (GradientCollector collector = trainer.newGradientCollector()) {
      for (int i = 0; i < batches.size(); i++) {
        sum += learn(collector, batches.get(i), 1.0 / lossTokens, i);
      }
    } finally {
      PASS.unlock();
    }
    double norm = clip();
    if (!Double.isFinite(norm)) {
      throw diverged("the gradients are", norm, batches);
    }
    trainer.step();
    forEachGradient(gradient -> gradient.subi(gradient));
    steps++;
    trainer.notifyListeners(listener -> listener.onTrainingBatch(trainer, noArrays()));
    return new Step(steps, sum, lossTokens, tokens, norm, optimizer.rate(steps));
  }

  /** Tells DJL's listeners that the data was gone through once more. */
  void epochEnded() {
    trainer.notifyListeners(listener -> listener.onEpoch(trainer));
  }

  /** The block's arrays are gone when listeners are told, and mean nothing to DJL's evaluators. */
  private static TrainingListener.BatchData noArrays() {
    return new TrainingListener.BatchData(null, Map.of(), Map.of());
  }

  private double learn(GradientCollector collector, Batch batch, double scale, int number) {
    try (NDManager scope = manager.newSubManager()) {
      NDList inputs = TrainedBlock.inputs(scope, MicroBatch.of(batch), scale, seedOf(number));
      NDList outputs = trainer.forward(inputs);
      double loss = outputs.get(0).getDouble();
      if (!Double.isFinite(loss)) {
        throw diverged("the loss is", loss, List.of(batch));
      }
      collector.backward(outputs.get(1));
      return loss;
    }
  }

  /** Returns what the gradients of a batch take, and forgets them. */
  Duration probe(Batch batch) {
    PASS.lock();
    long begin = System.nanoTime();
    try (GradientCollector collector = trainer.newGradientCollector()) {
      learn(collector, batch, 1, 0);
    } finally {
      PASS.unlock();
    }
    Duration taken = Duration.ofNanos(System.nanoTime() - begin);
    forEachGradient(gradient -> gradient.subi(gradient));
    return taken;
  }

  /** A seed that a resumed run comes to as well; the program adds small numbers to it. */
  private long seedOf(int number) {
    return mixed(mixed(mixed(seed) + steps) + number) & 0x7FFF_FFFF_FFFFL;
  }

  /** SplitMix64's: neighbours come to lie anywhere. */
  private static long mixed(long number) {
    return new SplittableRandom(number).nextLong();
  }

  private AiCoderException diverged(String what, double value, List<Batch> batches) {
    List<RecordSource> sources =
        batches.stream().flatMap(batch -> batch.sources().stream()).toList();
    String named =
        sources.stream()
            .limit(NAMED_RECORDS)
            .map(RecordSource::toString)
            .collect(Collectors.joining(", "));
    int more = Math.max(0, sources.size() - NAMED_RECORDS);
    return new AiCoderException(
        ErrorCategory.EXECUTION,
        "%s %s in step %d, at %s%s: lower the learning rate, or look at these records"
            .formatted(what, value, steps + 1, named, more > 0 ? " and " + more + " more" : ""));
  }

  private double clip() {
    try (NDManager scope = manager.newSubManager()) {
      NDList gradients = new NDList();
      for (Parameter parameter : block.order()) {
        NDArray gradient = parameter.getArray().getGradient();
        gradient.attach(scope);
        gradients.add(gradient);
      }
      return program.clip(gradients, longestGradient);
    }
  }

  private void forEachGradient(Consumer<NDArray> action) {
    for (Parameter parameter : block.order()) {
      try (NDArray gradient = parameter.getArray().getGradient()) {
        action.accept(gradient);
      }
    }
  }

  /** Returns the mean loss of the loss tokens of some batches. */
  double loss(Iterator<Batch> batches) {
    double sum = 0;
    long lossTokens = 0;
    while (batches.hasNext()) {
      Batch batch = batches.next();
      try (NDManager scope = manager.newSubManager()) {
        NDList inputs = TrainedBlock.inputs(scope, MicroBatch.of(batch), 1, 0);
        sum += trainer.evaluate(inputs).singletonOrThrow().getDouble();
        lossTokens += batch.lossTokens();
        trainer.notifyListeners(listener -> listener.onValidationBatch(trainer, noArrays()));
      }
    }
    return sum / lossTokens;
  }

  /** Returns the number of steps done, earlier runs' included. */
  int steps() {
    return steps;
  }

  /** Returns a copy of the trained tensors. */
  List<NamedTensor> tensors() {
    List<NamedTensor> tensors = new ArrayList<>();
    for (int i = 0; i < trainables.size(); i++) {
      tensors.add(tensor(trainables.get(i).name(), i, block.order().get(i).getArray()));
    }
    return tensors;
  }

  /** Returns numbers as tensors of what is trained. */
  List<NamedTensor> named(Map<String, float[]> numbers) {
    return trainables.stream()
        .map(
            each ->
                NamedTensor.of(
                    each.name(), each.shape(), Objects.requireNonNull(numbers.get(each.name()))))
        .toList();
  }

  /** Returns how many bytes the trained tensors and the optimizer's take. */
  long bytes() {
    return 3 * Float.BYTES * trainables.stream().mapToLong(Trainable::size).sum();
  }

  /** Returns a copy of the optimizer's tensors: for each trained one, two. */
  List<NamedTensor> state() {
    List<NamedTensor> tensors = new ArrayList<>();
    for (int i = 0; i < trainables.size(); i++) {
      NDList state = optimizer.state(block.order().get(i));
      List<String> names = stateNames(trainables.get(i));
      tensors.add(tensor(names.get(0), i, state.get(0)));
      tensors.add(tensor(names.get(1), i, state.get(1)));
    }
    return tensors;
  }

  /** Returns the names of a trainable's running means, as PyTorch calls them. */
  static List<String> stateNames(Trainable trainable) {
    return List.of(trainable.name() + ".exp_avg", trainable.name() + ".exp_avg_sq");
  }

  private NamedTensor tensor(String name, int index, NDArray array) {
    ByteBuffer bytes = array.toByteBuffer().order(ByteOrder.nativeOrder());
    float[] numbers = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(numbers);
    return NamedTensor.of(name, trainables.get(index).shape(), numbers);
  }

  @Override
  public void close() {
    trainer.close();
    model.close();
    manager.close();
  }
}
