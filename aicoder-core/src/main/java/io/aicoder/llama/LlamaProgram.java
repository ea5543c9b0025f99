package io.aicoder.llama;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The model: the TorchScript source {@code llama.py} and its modules, loaded into libtorch, with
 * the sequences of one request in its KV cache.
 *
 * <p>Belongs to the thread that creates it, whose settings of libtorch it changes. Owns its native
 * memory until {@link #close}.
 */
public final class LlamaProgram implements AutoCloseable {

  private static final Logger LOGGER = LoggerFactory.getLogger(LlamaProgram.class);

  /**
   * What the program returns for a next token when its logits are not finite; another negative
   * number when the options leave none.
   */
  private static final long NOT_FINITE = -1;

  private final LlamaConfig config;
  private final ComputeType type;
  private final Placement placement;
  private final Model model;
  private final PtNDManager manager;
  private final ScriptCalls calls;
  private final MaskTable maskTable;

  /** The positions that the newest call reached. */
  private int length;

  private LlamaProgram(LlamaConfig config, ComputeType type, Placement placement, Model model) {
    this.config = config;
    this.type = type;
    this.placement = placement;
    this.model = model;
    this.manager = (PtNDManager) model.getNDManager();
    this.calls = new ScriptCalls((PtSymbolBlock) model.getBlock(), manager);
    this.maskTable =
        new MaskTable(
            (config.vocabularySize() + Long.SIZE - 1) / Long.SIZE,
            (words, number) ->
                callLong("put_mask", IValue.from((long) number), IValue.listFrom(words)));
  }

  /**
   * Packs and loads the program for an architecture; weights are still to be placed.
   *
   * @throws AiCoderException when DJL's PyTorch engine cannot be started, or a device cannot
   *     compute in this number format
   */
  static LlamaProgram create(LlamaConfig config, ComputeType type, Placement placement) {
    Model model = ProgramArchive.load(config);
    // DJL leaves gradients on for every thread but the one that loaded the engine.
    JniUtils.setGradMode(false);
    // The profiling executor costs seconds of warm-up and gains nothing here; and it takes an empty
    // list that is made in the source for a constant, shared by all calls.
    JniUtils.setGraphExecutorOptimize(false);
    LlamaProgram program = new LlamaProgram(config, type, placement, model);
    try {
      program.addStages();
      return program;
    } catch (RuntimeException e) {
      program.close();
      throw e;
    }
  }

  /**
   * Writes the program for an architecture, without weights, as the archive that {@code
   * torch.jit.load} of PyTorch takes: the one that is loaded here too. See docs/cuda.md.
   *
   * @param file where to; replaced when it exists
   * @throws AiCoderException when it cannot be written
   */
  public static void export(LlamaConfig config, Path file) {
    ProgramArchive.write(config, file);
  }

  private void addStages() {
    for (Placement.Stage stage : placement.stages()) {
      callLong("add_stage", IValue.from(stage.device()), IValue.from((long) stage.firstLayer()));
      // The processor computes in each format, if slowly; GPUs differ.
      if (!stage.device().equals(Placement.CPU)) {
        tryDevice(stage.device());
      }
    }
  }

  /** Computes a little on a device, which fails where it or this libtorch cannot. */
  void tryDevice(String device) {
    try {
      callLong("try_device", IValue.from(device), IValue.from((long) type.torchCode()));
    } catch (EngineException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          "%s cannot compute in %s (%s): choose another number format or device"
              .formatted(
                  device, type, String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          e);
    }
  }

  /** Returns the architecture. */
  public LlamaConfig config() {
    return config;
  }

  /** Returns the manager that owns the program's tensors. */
  NDManager manager() {
    return manager;
  }

  /**
   * Ends loading: finds out which kernels work for the weights, and lets go of what is not needed.
   */
  void loaded() {
    callLong("loaded", IValue.from(placement.onCpu() && onednnWorks()));
  }

  private boolean onednnWorks() {
    try {
      callLong("try_onednn");
      return true;
    } catch (EngineException e) {
      LOGGER.debug("oneDNN does not multiply this number format here", e);
      return false;
    }
  }

  /**
   * Begins sequences, of which the first takes the prompt.
   *
   * @param sequences the most that there will be at once: see {@link #arrange}
   * @param capacity the most positions each may have; the cache is kept when it is large enough
   * @throws AiCoderException when memory cannot hold the keys and values of so many
   */
  public void begin(int sequences, int capacity) {
    double bytes = config.layers() * PartSizes.cacheOfLayer(config, type, capacity, sequences);
    // An allocation beyond the machine's memory may succeed, to end the JVM when it is used.
    bytes += PartSizes.rotaryTables(config, capacity);
    if (placement.onCpu() && bytes > DeviceMemory.of(Placement.CPU).total()) {
      throw MemoryShortage.ofCache(config, type, placement, sequences, capacity, null);
    }
    try {
      callLong("begin", IValue.from((long) sequences), IValue.from((long) capacity));
    } catch (EngineException e) {
      throw MemoryShortage.ofCache(config, type, placement, sequences, capacity, e);
    }
  }

  /**
   * Prepares for a prompt: dynamic rotary scaling turns all its positions by its length.
   *
   * @param promptLength how many tokens it has, all its pieces together
   */
  public void expect(int promptLength) {
    callLong("expect", IValue.from((long) promptLength));
  }

  /**
   * Takes a piece of the prompt into the first sequence.
   *
   * @param ids its token ids, each in [0, vocab_size)
   * @param start the position of the first
   * @param adapter the number of an adapter, or −1
   * @param last whether the prompt ends here; makes the logits that {@link #choose} reads
   */
  public void prefill(long[] ids, int start, int adapter, boolean last) {
    withWorkspace(
        start + ids.length,
        () ->
            callLong(
                "prefill",
                IValue.listFrom(ids),
                IValue.from((long) start),
                IValue.from((long) adapter),
                IValue.from(last)));
  }

  /**
   * Runs a call that computes, and tells a shortage of memory from other failures.
   *
   * @param tokens the positions of a sequence that it reaches
   */
  <T> T withWorkspace(int tokens, Supplier<T> call) {
    length = tokens;
    try {
      return call.get();
    } catch (EngineException e) {
      throw MemoryShortage.isBehind(e)
          ? MemoryShortage.ofActivations(config, type, placement, tokens, e)
          : e;
    }
  }

  /**
   * Settles how tokens are chosen, once for each generation and before {@link #arrange}.
   *
   * @param sampling how
   * @param prompt the tokens of the prompt
   */
  public void configure(Sampling sampling, List<Integer> prompt) {
    callLong("configure", sampling.arguments(prompt));
  }

  /**
   * Makes sequence i what sequence {@code rows[i]} is: forks, drops and reorders sequences.
   *
   * @param rows for each sequence from now on, which one it continues
   * @param length the positions that they have
   */
  public void arrange(long[] rows, int length) {
    callLong("arrange", IValue.listFrom(rows), IValue.from((long) length));
  }

  /**
   * Restricts the next tokens, until the next call.
   *
   * @param masks for each sequence a mask: token t stands in bit t % 64 of element t / 64
   */
  public void useMasks(List<long[]> masks) {
    callLong("use_masks", IValue.listFrom(maskTable.numbers(masks)));
  }

  /**
   * Chooses the next token of each sequence.
   *
   * @param draws a random number in [0, 1) for each
   * @return their ids
   */
  public long[] choose(double... draws) {
    return tokens(length, "choose", IValue.listFrom(draws));
  }

  /**
   * Chooses again for one sequence, after {@link #useMasks} has changed its mask.
   *
   * @param row which sequence
   * @param draw a random number in [0, 1)
   * @return the token's id
   */
  public long chooseAgain(int row, double draw) {
    return tokens(length, "choose_again", IValue.from((long) row), IValue.from(draw))[0];
  }

  /**
   * Takes the newest token of each sequence and chooses the next ones, in one call.
   *
   * @param position their position, the same for all
   * @param adapter the number of an adapter, or −1
   * @param draws a random number in [0, 1) for each
   * @return the ids of the next tokens
   */
  public long[] decode(long[] tokens, int position, int adapter, double[] draws) {
    return tokens(
        position + 1,
        "decode",
        IValue.listFrom(tokens),
        IValue.from((long) position),
        IValue.from((long) adapter),
        IValue.listFrom(draws));
  }

  /** Takes the newest token of each sequence, as {@link #decode}, and chooses nothing. */
  public void advance(long[] tokens, int position, int adapter) {
    withWorkspace(
        position + 1,
        () ->
            callLong(
                "advance",
                IValue.listFrom(tokens),
                IValue.from((long) position),
                IValue.from((long) adapter)));
  }

  private long[] tokens(int reached, String method, IValue... arguments) {
    long[] ids = withWorkspace(reached, () -> calls.integers(method, arguments));
    if (ids[0] < 0) {
      throw Sampling.noToken(ids[0] == NOT_FINITE);
    }
    return ids;
  }

  /**
   * Finds the best continuations of all sequences by the sum of their log probabilities.
   *
   * @param scores the sum of each sequence so far
   * @param count how many to find
   * @return their sums, best first, then the sequences they continue, then their tokens; {@code
   *     count} of each, fewer when there are not so many
   */
  public double[] continuations(double[] scores, int count) {
    double[] found =
        withWorkspace(
            length,
            () ->
                calls.doubles("continuations", IValue.listFrom(scores), IValue.from((long) count)));
    if (!Double.isFinite(found[0])) {
      throw Sampling.noToken(found[0] != Double.NEGATIVE_INFINITY);
    }
    return found;
  }

  /**
   * Returns log probabilities at the newest position, of the model's own logits.
   *
   * @param tokens a token for each sequence
   * @param count how many of the likeliest to add
   * @return for each sequence the token's, then {@code count} ids, then theirs
   */
  public double[] logProbabilities(long[] tokens, int count) {
    return calls.doubles("log_probabilities", IValue.listFrom(tokens), IValue.from((long) count));
  }

  /**
   * Takes a piece of a text and scores what follows its last tokens.
   *
   * @param ids the tokens
   * @param targets the tokens behind the last positions of {@code ids}, at least one
   * @param start the position of the first
   * @param adapter the number of an adapter, or −1
   * @return the log probability of each target
   */
  public float[] score(long[] ids, long[] targets, int start, int adapter) {
    return withWorkspace(
        start + ids.length,
        () ->
            calls.floats(
                "score_tokens",
                IValue.listFrom(ids),
                IValue.listFrom(targets),
                IValue.from((long) start),
                IValue.from((long) adapter)));
  }

  /**
   * Takes a piece of a text and returns the last hidden states, behind the last norm.
   *
   * @param last whether to return that of the last token, not the sum of all
   * @return {@code hidden_size} numbers
   */
  public float[] embed(long[] ids, int start, int adapter, boolean last) {
    return withWorkspace(
        start + ids.length,
        () ->
            calls.floats(
                "embed",
                IValue.listFrom(ids),
                IValue.from((long) start),
                IValue.from((long) adapter),
                IValue.from(last)));
  }

  /** Returns the first sequence's unprocessed logits at the newest position. */
  public float[] logits() {
    return calls.floats("last_logits");
  }

  boolean onCpu() {
    return placement.onCpu();
  }

  /**
   * Calls a method of the source that returns an integer.
   *
   * @param arguments its arguments; closed here
   */
  long callLong(String method, IValue... arguments) {
    return calls.integer(method, arguments);
  }

  /** Returns the device of the first layer. */
  Device device() {
    return Placement.deviceOf(placement.stages().get(0).device());
  }

  /** Calls a method that returns a tensor of float32, as {@link #callLong}. */
  float[] floats(String method, IValue... arguments) {
    return calls.floats(method, arguments);
  }

  /** Calls a method that returns a number, as {@link #callLong}. */
  double callDouble(String method, IValue... arguments) {
    return calls.number(method, arguments);
  }

  /** Calls a method on tensors, with gradients when training: see {@link ScriptCalls#forward}. */
  NDList forward(String method, NDList arguments, boolean training) {
    return calls.forward(method, arguments, training);
  }

  /**
   * Calls a method that returns tensors.
   *
   * @param method its name in the source
   * @param owner what closes them
   */
  List<PtNDArray> tensors(String method, NDManager owner) {
    return calls.tensors(method, (PtNDManager) owner);
  }

  @Override
  public void close() {
    model.close();
  }
}
