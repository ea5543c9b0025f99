package io.aicoder.llama;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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

  /**
   * The bytes that making the rotary tables takes for each position and number of a head, with room
   * to spare: unlike keys and values, they are written at once.
   */
  private static final int ROTARY_BYTES = 64;

  private final LlamaConfig config;
  private final ComputeType type;
  private final Placement placement;
  private final Model model;
  private final PtNDManager manager;
  private final ScriptCalls calls;
  private final MaskTable maskTable;

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
    // DJL leaves gradients on for every thread but the one that loaded the engine.
    JniUtils.setGradMode(false);
    // The profiling executor costs seconds of warm-up and gains nothing here; and it takes an empty
    // list that is made in the source for a constant, shared by all calls.
    JniUtils.setGraphExecutorOptimize(false);
    LlamaProgram program = new LlamaProgram(config, type, placement, load(config));
    try {
      program.addStages();
      return program;
    } catch (RuntimeException e) {
      program.close();
      throw e;
    }
  }

  private static Model load(LlamaConfig config) {
    try {
      try {
        return load(config, true);
      } catch (EngineException e) {
        if (!String.valueOf(e.getMessage()).contains("mkldnn")) {
          throw e;
        }
        return load(config, false); // this platform's libtorch is built without oneDNN
      }
    } catch (IOException | MalformedModelException | RuntimeException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          "DJL's PyTorch engine could not be started ("
              + e.getMessage()
              + "): pytorch-native-cpu for this platform must be on the class path",
          e);
    }
  }

  private static Model load(LlamaConfig config, boolean onednn)
      throws IOException, MalformedModelException {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    ProgramSource.write(archive, config, onednn);
    Model model = Model.newInstance("llama", Device.cpu(), "PyTorch");
    try {
      model.load(new ByteArrayInputStream(archive.toByteArray()));
      return model;
    } catch (IOException | MalformedModelException | RuntimeException e) {
      model.close();
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
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      try (OutputStream out = Files.newOutputStream(part)) {
        ProgramSource.write(out, config, true);
      }
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.INPUT, file + ": cannot be written (" + e.getMessage() + ")", e);
    }
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
    double tables = (double) ROTARY_BYTES * config.headSize() * capacity;
    // An allocation beyond the machine's memory may succeed, to end the JVM when it is used.
    if (placement.onCpu() && bytes + tables > DeviceMemory.of(Placement.CPU).total()) {
      throw noCache(sequences, capacity, bytes, null);
    }
    try {
      callLong("begin", IValue.from((long) sequences), IValue.from((long) capacity));
    } catch (EngineException e) {
      throw noCache(sequences, capacity, bytes, e);
    }
  }

  private AiCoderException noCache(
      int sequences, int capacity, double bytes, @Nullable Throwable cause) {
    return MemoryShortage.of(
        "the keys and values of "
            + (sequences == 1 ? "" : sequences + " times ")
            + capacity
            + " tokens",
        bytes,
        placement.devices(),
        "lower max_new_tokens, "
            + (sequences == 1 ? "" : "n or num_beams, ")
            + "shorten the prompt, "
            + MemoryShortage.narrower(type)
            + "or choose another device",
        cause);
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
    try {
      callLong(
          "prefill",
          IValue.listFrom(ids),
          IValue.from((long) start),
          IValue.from((long) adapter),
          IValue.from(last));
    } catch (EngineException e) {
      throw MemoryShortage.isBehind(e) ? noWorkspace(start + ids.length, e) : e;
    }
  }

  private AiCoderException noWorkspace(int tokens, EngineException cause) {
    return MemoryShortage.of(
        "the activations of a sequence of " + tokens + " tokens",
        PartSizes.workspace(config, type, tokens, 1),
        placement.devices(),
        "shorten the prompt, " + MemoryShortage.narrower(type) + "or choose another device",
        cause);
  }

  /**
   * Settles how tokens are chosen, once for each generation and before {@link #arrange}.
   *
   * @param sampling how
   * @param prompt the tokens of the prompt
   */
  public void configure(Sampling sampling, List<Integer> prompt) {
    long[] seen = sampling.looksAtPrompt() ? longs(prompt) : new long[0];
    List<Integer> biased = List.copyOf(sampling.logitBias().keySet());
    double[] bias =
        biased.stream().mapToDouble(id -> sampling.logitBias().getOrDefault(id, 0.0)).toArray();
    callLong(
        "configure",
        IValue.from(sampling.temperature()),
        IValue.from((long) sampling.topK()),
        IValue.from(sampling.topP()),
        IValue.from(sampling.minP()),
        IValue.from(sampling.typicalP()),
        IValue.from(sampling.repetitionPenalty()),
        IValue.from(sampling.presencePenalty()),
        IValue.from(sampling.frequencyPenalty()),
        IValue.from((long) sampling.noRepeatNgramSize()),
        IValue.from((long) sampling.minNewTokens()),
        IValue.listFrom(seen),
        IValue.listFrom(longs(sampling.endIds())),
        IValue.listFrom(longs(biased)),
        IValue.listFrom(bias));
  }

  private static long[] longs(List<Integer> ids) {
    return ids.stream().mapToLong(Integer::longValue).toArray();
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
    Set<Integer> numbers = new LinkedHashSet<>();
    long[] rows = new long[masks.size()];
    for (int i = 0; i < rows.length; i++) {
      int number = maskTable.number(masks.get(i), numbers);
      numbers.add(number);
      rows[i] = number;
    }
    callLong("use_masks", IValue.listFrom(rows));
  }

  /**
   * Chooses the next token of each sequence.
   *
   * @param draws a random number in [0, 1) for each
   * @return their ids
   */
  public long[] choose(double... draws) {
    return tokens("choose", IValue.listFrom(draws));
  }

  /**
   * Chooses again for one sequence, after {@link #useMasks} has changed its mask.
   *
   * @param row which sequence
   * @param draw a random number in [0, 1)
   * @return the token's id
   */
  public long chooseAgain(int row, double draw) {
    return tokens("choose_again", IValue.from((long) row), IValue.from(draw))[0];
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
        "decode",
        IValue.listFrom(tokens),
        IValue.from((long) position),
        IValue.from((long) adapter),
        IValue.listFrom(draws));
  }

  /** Takes the newest token of each sequence, as {@link #decode}, and chooses nothing. */
  public void advance(long[] tokens, int position, int adapter) {
    callLong(
        "advance",
        IValue.listFrom(tokens),
        IValue.from((long) position),
        IValue.from((long) adapter));
  }

  private long[] tokens(String method, IValue... arguments) {
    long[] ids;
    try {
      ids = calls.integers(method, arguments);
    } catch (EngineException e) {
      throw MemoryShortage.isBehind(e) ? noWorkspace(1, e) : e;
    }
    if (ids[0] < 0) {
      throw noToken(ids[0] == NOT_FINITE);
    }
    return ids;
  }

  private static AiCoderException noToken(boolean notFinite) {
    if (notFinite) {
      return new AiCoderException(
          ErrorCategory.EXECUTION,
          "the model's logits are not finite: its weights or the adapter's hold NaN or infinite"
              + " numbers, or the number format is too narrow; try fp32 or download them again");
    }
    return new AiCoderException(
        ErrorCategory.EXECUTION,
        "the options leave no token to choose: loosen no_repeat_ngram_size, min_new_tokens,"
            + " logit_bias or the constraint");
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
        calls.doubles("continuations", IValue.listFrom(scores), IValue.from((long) count));
    if (!Double.isFinite(found[0])) {
      throw noToken(found[0] != Double.NEGATIVE_INFINITY);
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
    return calls.floats(
        "score_tokens",
        IValue.listFrom(ids),
        IValue.listFrom(targets),
        IValue.from((long) start),
        IValue.from((long) adapter));
  }

  /**
   * Takes a piece of a text and returns the last hidden states, behind the last norm.
   *
   * @param last whether to return that of the last token, not the sum of all
   * @return {@code hidden_size} numbers
   */
  public float[] embed(long[] ids, int start, int adapter, boolean last) {
    return calls.floats(
        "embed",
        IValue.listFrom(ids),
        IValue.from((long) start),
        IValue.from((long) adapter),
        IValue.from(last));
  }

  /** Returns the first sequence's unprocessed logits at the newest position. */
  public float[] logits() {
    return calls.floats("last_logits");
  }

  /**
   * Calls a method of the source that returns an integer.
   *
   * @param arguments its arguments; closed here
   */
  long callLong(String method, IValue... arguments) {
    return calls.integer(method, arguments);
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
