package io.aicoder.llama;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.checkpoint.Projection;
import io.aicoder.error.AiCoderException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/**
 * What trains the parameters of a model: losses and gradients by the source {@code training.py}, on
 * the weights of a loaded {@link LlamaProgram}.
 *
 * <p>Belongs to the thread that made the program. Does not own the program.
 */
public final class TrainingProgram {

  /** A target that does not matter: PyTorch's {@code ignore_index}. */
  public static final long IGNORED = -100;

  private final LlamaProgram program;
  private final int parameters;
  private final Map<String, Rows> modules;

  /**
   * Settles what is trained.
   *
   * @param program the model, on one device; its weights stay as they are
   * @param parameters the trained tensors, in the order in which {@link #loss} takes them
   * @param options how
   * @throws IllegalArgumentException when a parameter belongs to no module of the model
   */
  public TrainingProgram(LlamaProgram program, List<TrainedParameter> parameters, Options options) {
    this.program = program;
    this.parameters = parameters.size();
    program.callLong(
        "begin_training",
        IValue.from(options.keepActivations),
        IValue.from(options.dropout),
        IValue.from((long) options.format.torchCode()));
    if (!program.onCpu()) {
      program.callLong("train_as_gpu");
    }
    modules = new Layout(program, parameters, options.tiedHead).tell();
  }

  /**
   * How gradients are computed.
   *
   * @param keepActivations whether layers keep what they computed for the backward pass; otherwise
   *     they compute it again, which takes a third more time and far less memory (activation
   *     checkpointing: arXiv 1604.06174)
   * @param dropout the share of the numbers going into LoRA's A that are dropped, in [0, 1)
   * @param format in which frozen matrices are multiplied; sums and trained tensors are fp32
   * @param tiedHead whether a trained embedding is the head as well
   */
  public record Options(
      boolean keepActivations, double dropout, ComputeType format, boolean tiedHead) {}

  /**
   * Examples one behind the other.
   *
   * @param ids int64 {@code [N]}
   * @param targets int64 {@code [N]}: the token that each should be followed by, or {@link
   *     #IGNORED}; at least one is not
   * @param lengths of the examples; their sum is N
   * @param seed of the dropout
   */
  public record Examples(NDArray ids, NDArray targets, int[] lengths, long seed) {}

  /**
   * Computes losses with what their gradients need.
   *
   * @param examples what to learn
   * @param values the trained tensors, float32, in the order of the parameters
   * @param scale what the sum of the losses is multiplied by for the gradients
   * @return the sum of the losses, float64, a scalar without gradients; and a scalar whose value
   *     means nothing, and whose gradients are those of {@code scale} times the sum. Both belong to
   *     the manager of {@code examples.ids()}
   * @throws AiCoderException when memory runs out
   */
  public NDList loss(Examples examples, NDList values, double scale) {
    return call("training_loss", examples, values, scale, true);
  }

  /** Computes the sum of the losses alone, as the first of {@link #loss}. */
  public NDArray loss(Examples examples, NDList values) {
    return call("validation_loss", examples, values, 1, false).singletonOrThrow();
  }

  private NDList call(
      String method, Examples examples, NDList values, double scale, boolean training) {
    if (values.size() != parameters) {
      throw new IllegalArgumentException(
          values.size() + " tensors for " + parameters + " parameters");
    }
    long[] lengths = new long[examples.lengths.length];
    int longest = 0;
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = examples.lengths[i];
      longest = Math.max(longest, examples.lengths[i]);
    }
    program.callLong(
        "training_batch", IValue.listFrom(lengths), IValue.from(examples.seed), IValue.from(scale));
    return program.withWorkspace(
        longest, () -> program.forward(method, arguments(examples, values), training));
  }

  private static NDList arguments(Examples examples, NDList values) {
    NDList arguments = new NDList(examples.ids, examples.targets);
    for (NDArray value : values) {
      value.setName("p[]"); // makes them one list for the program
      arguments.add(value);
    }
    return arguments;
  }

  /**
   * One step of AdamW (arXiv 1711.05101) for one parameter, in place.
   *
   * @param parameter float32, as the other three tensors
   * @param mean the running mean of gradients
   * @param square the running mean of their squares
   * @param step the number of this step, from 1
   */
  public void adamw(
      NDArray parameter, NDArray gradient, NDArray mean, NDArray square, long step, AdamW how) {
    program.callLong(
        "adamw",
        IValue.from((PtNDArray) parameter),
        IValue.from((PtNDArray) gradient),
        IValue.from((PtNDArray) mean),
        IValue.from((PtNDArray) square),
        IValue.from((double) step),
        IValue.from(how.rate),
        IValue.from(how.beta1),
        IValue.from(how.beta2),
        IValue.from(how.decay),
        IValue.from(how.epsilon));
  }

  /**
   * The numbers of AdamW.
   *
   * @param rate the learning rate of this step
   * @param decay the decoupled weight decay, multiplied by the rate
   */
  public record AdamW(double rate, double beta1, double beta2, double decay, double epsilon) {}

  /**
   * Shortens gradients to a length of all together, in place.
   *
   * @param longest the length; 0: leaves them
   * @return their length before
   */
  public double clip(NDList gradients, double longest) {
    PtNDArray[] arrays = gradients.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new);
    return program.callDouble("clip", IValue.listFrom(arrays), IValue.from(longest));
  }

  /**
   * Returns the lengths of the rows of a frozen matrix, as it is held: of a quantized one those of
   * the numbers that are multiplied. What DoRA's magnitudes begin with (arXiv 2402.09353).
   *
   * @param module its name in the checkpoint, such as {@code model.layers.0.self_attn.q_proj}
   * @throws IllegalArgumentException when it is no matrix of the model
   */
  public float[] rowLengths(String module) {
    Rows rows = modules.get(module);
    if (rows == null) {
      throw new IllegalArgumentException("the model has no matrix " + module);
    }
    return program.floats(
        "row_lengths",
        IValue.from((long) rows.layer),
        IValue.from((long) rows.start),
        IValue.from((long) rows.count));
  }

  /** Returns a new manager, which the caller closes, of tensors on the device of the weights. */
  public NDManager newManager() {
    return program.manager().newSubManager(program.device());
  }

  /** The rows of a matrix in a linear layer, which may join several. */
  private record Rows(int layer, int start, int count) {}

  /** Tells the program where the parameters of each module stand. */
  private static final class Layout {

    private static final int NONE = -1;

    private final LlamaProgram program;
    private final LlamaConfig config;
    private final Map<String, Map<TrainedParameter.Kind, Integer>> places = new HashMap<>();
    private final Map<String, Double> scaling = new HashMap<>();
    private final Map<String, Rows> modules = new HashMap<>();
    private final boolean tiedHead;
    private int lowest;
    private boolean deep;

    Layout(LlamaProgram program, List<TrainedParameter> parameters, boolean tiedHead) {
      this.tiedHead = tiedHead;
      this.program = program;
      this.config = program.config();
      for (int i = 0; i < parameters.size(); i++) {
        TrainedParameter parameter = parameters.get(i);
        places
            .computeIfAbsent(parameter.module(), module -> new HashMap<>())
            .put(parameter.kind(), i);
        if (parameter.kind() == TrainedParameter.Kind.LORA_A) {
          scaling.put(parameter.module(), parameter.scaling());
        }
      }
      lowest = config.layers();
    }

    /** Returns where the rows of each matrix are. */
    Map<String, Rows> tell() {
      List<Long> norms = new ArrayList<>();
      long table = place(LoraAdapter.EMBEDDING, TrainedParameter.Kind.WEIGHT);
      for (int layer = 0; layer < config.layers(); layer++) {
        tellLayer(layer, norms);
      }
      norms.add(place("model.norm", TrainedParameter.Kind.WEIGHT));
      int vocabulary = config.vocabularySize();
      int head = LinearGroup.values().length * config.layers();
      if (table >= 0) {
        lowest = 0;
        deep = true;
      }
      if (tiedHead && table >= 0) {
        tellPart(head, 0, vocabulary, new long[] {NONE, NONE, NONE, table, NONE, NONE}, 1);
      } else {
        tellPart(head, 0, vocabulary, LoraAdapter.HEAD);
      }
      if (!places.isEmpty()) {
        throw new IllegalArgumentException("the model has no " + places.keySet());
      }
      program.callLong(
          "train_rest",
          IValue.listFrom(norms.stream().mapToLong(Long::longValue).toArray()),
          IValue.from(table),
          IValue.from((long) lowest),
          IValue.from(deep));
      modules.put(LoraAdapter.HEAD, new Rows(head, 0, vocabulary));
      return modules;
    }

    private void tellLayer(int layer, List<Long> norms) {
      int before = places.size();
      String prefix = "model.layers." + layer + ".";
      norms.add(place(prefix + "input_layernorm", TrainedParameter.Kind.WEIGHT));
      norms.add(place(prefix + "post_attention_layernorm", TrainedParameter.Kind.WEIGHT));
      // A norm before the first matrix of a layer wants the gradient of that matrix's input.
      deep |= norms.get(2 * layer) >= 0 && lowest == config.layers();
      LinearGroup[] groups = LinearGroup.values();
      for (int group = 0; group < groups.length; group++) {
        int start = 0;
        for (Projection projection : groups[group].projections()) {
          int rows = projection.out(config);
          int index = groups.length * layer + group;
          modules.put(projection.module(layer), new Rows(index, start, rows));
          tellPart(index, start, rows, projection.module(layer));
          start += rows;
        }
      }
      if (places.size() < before) {
        lowest = Math.min(lowest, layer);
      }
    }

    private void tellPart(int index, int start, int rows, String module) {
      ToIntFunction<TrainedParameter.Kind> take = kind -> (int) place(module, kind);
      double factor = scaling.getOrDefault(module, 1.0);
      long[] found = {
        take.applyAsInt(TrainedParameter.Kind.LORA_A),
        take.applyAsInt(TrainedParameter.Kind.LORA_B),
        take.applyAsInt(TrainedParameter.Kind.MAGNITUDE),
        take.applyAsInt(TrainedParameter.Kind.WEIGHT),
        take.applyAsInt(TrainedParameter.Kind.BIAS),
        take.applyAsInt(TrainedParameter.Kind.LORA_BIAS)
      };
      tellPart(index, start, rows, found, factor);
    }

    private void tellPart(int index, int start, int rows, long[] found, double factor) {
      program.callLong(
          "train_part",
          IValue.from((long) index),
          IValue.from((long) start),
          IValue.from((long) rows),
          IValue.listFrom(found),
          IValue.from(factor));
    }

    /** Takes a parameter out of those that wait for their module. */
    private long place(String module, TrainedParameter.Kind kind) {
      Map<TrainedParameter.Kind, Integer> kinds = places.get(module);
      if (kinds == null) {
        return NONE;
      }
      Integer place = kinds.remove(kind);
      if (kinds.isEmpty()) {
        places.remove(module);
      }
      return place == null ? NONE : place;
    }
  }
}
