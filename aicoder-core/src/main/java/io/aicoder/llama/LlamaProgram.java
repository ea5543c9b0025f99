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
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import com.sun.management.OperatingSystemMXBean;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The model: the TorchScript source {@code llama.py} and its modules, loaded into libtorch, with
 * one sequence in its KV cache.
 *
 * <p>Belongs to the thread that creates it, whose settings of libtorch it changes. Owns its native
 * memory until {@link #close}.
 */
public final class LlamaProgram implements AutoCloseable {

  private static final Logger LOGGER = LoggerFactory.getLogger(LlamaProgram.class);

  /** What the program returns for a next token when its logits are not finite. */
  private static final long NOT_FINITE = -1;

  /**
   * The machine's memory in bytes. An allocation beyond it may succeed, to end the JVM when used.
   */
  private static final long MEMORY = memory();

  /** The bytes of a bfloat16 or half precision number. */
  private static final int SMALLEST_NUMBER = 2;

  private final LlamaConfig config;
  private final Model model;
  private final PtSymbolBlock block;
  private final PtNDManager manager;

  private LlamaProgram(LlamaConfig config, Model model) {
    this.config = config;
    this.model = model;
    this.block = (PtSymbolBlock) model.getBlock();
    this.manager = (PtNDManager) model.getNDManager();
  }

  /**
   * Packs and loads the program for an architecture; weights are still to be placed.
   *
   * @throws AiCoderException when DJL's PyTorch engine cannot be started
   */
  static LlamaProgram create(LlamaConfig config) {
    // DJL leaves gradients on for every thread but the one that loaded the engine.
    JniUtils.setGradMode(false);
    // The profiling executor costs seconds of warm-up and gains nothing here; and it takes an empty
    // list that is made in the source for a constant, shared by all calls.
    JniUtils.setGraphExecutorOptimize(false);
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

  private static LlamaProgram load(LlamaConfig config, boolean onednn)
      throws IOException, MalformedModelException {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    ProgramSource.write(archive, config, onednn);
    Model model = Model.newInstance("llama", Device.cpu(), "PyTorch");
    try {
      model.load(new ByteArrayInputStream(archive.toByteArray()));
      return new LlamaProgram(config, model);
    } catch (IOException | MalformedModelException | RuntimeException e) {
      model.close();
      throw e;
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
    callLong("loaded", IValue.from(onednnWorks()));
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
   * Begins an empty sequence.
   *
   * @param promptLength how many tokens the prompt has, all its pieces together
   * @param capacity the most positions it may have; the cache is kept when it is large enough
   * @throws AiCoderException when memory cannot hold the keys and values of so many
   */
  public void begin(int promptLength, int capacity) {
    double numbers = 2.0 * config.layers() * config.keyValueHeads() * config.headSize() * capacity;
    if (numbers * SMALLEST_NUMBER > MEMORY) {
      throw noMemory(capacity, null);
    }
    try {
      callLong("begin", IValue.from(1L), IValue.from((long) capacity));
      callLong("expect", IValue.from((long) promptLength));
    } catch (EngineException e) {
      throw noMemory(capacity, e);
    }
  }

  private static AiCoderException noMemory(int capacity, @Nullable Throwable cause) {
    return new AiCoderException(
        ErrorCategory.ENVIRONMENT,
        "there is no memory for the keys and values of "
            + capacity
            + " tokens: lower max_new_tokens",
        cause);
  }

  private static long memory() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Long.MAX_VALUE;
  }

  /**
   * Takes a piece of the prompt.
   *
   * @param ids its token ids, each in [0, vocab_size)
   * @param start the position of the first
   * @param adapter the number of an adapter, or −1
   * @param last whether the prompt ends here; makes the logits that {@link #choose} reads
   */
  public void prefill(long[] ids, int start, int adapter, boolean last) {
    callLong(
        "prefill",
        IValue.listFrom(ids),
        IValue.from((long) start),
        IValue.from((long) adapter),
        IValue.from(last));
  }

  /**
   * Chooses a token after the prompt.
   *
   * @param sampling how
   * @param draw a random number in [0, 1)
   * @return its id
   */
  public int choose(Sampling sampling, double draw) {
    return token(
        callLong(
            "choose",
            IValue.from(sampling.temperature()),
            IValue.from((long) sampling.topK()),
            IValue.from(sampling.topP()),
            IValue.from(sampling.repetitionPenalty()),
            IValue.from(draw)));
  }

  /**
   * Takes one token and chooses the next, in one call.
   *
   * @param token the id of the newest token
   * @param position its position
   * @param adapter the number of an adapter, or −1
   * @param sampling how to choose
   * @param draw a random number in [0, 1)
   * @return the id of the next token
   */
  public int decode(int token, int position, int adapter, Sampling sampling, double draw) {
    return token(
        callLong(
            "decode",
            IValue.from((long) token),
            IValue.from((long) position),
            IValue.from((long) adapter),
            IValue.from(sampling.temperature()),
            IValue.from((long) sampling.topK()),
            IValue.from(sampling.topP()),
            IValue.from(sampling.repetitionPenalty()),
            IValue.from(draw)));
  }

  private static int token(long id) {
    if (id == NOT_FINITE) {
      throw new AiCoderException(
          ErrorCategory.EXECUTION,
          "the model's logits are not finite: its weights or the adapter's hold NaN or infinite"
              + " numbers, or the number format is too narrow; try fp32 or download them again");
    }
    return (int) id;
  }

  /** Returns the unprocessed logits behind the newest token, {@code vocab_size} values. */
  public float[] logits() {
    try (IValue result = IValueUtils.runMethod(block, "last_logits");
        PtNDArray array = result.toTensor(manager)) {
      return array.toFloatArray();
    }
  }

  /**
   * Calls a method that returns an integer.
   *
   * @param method its name in the source
   * @param arguments its arguments; closed here
   */
  long callLong(String method, IValue... arguments) {
    try (IValue result = IValueUtils.runMethod(block, method, arguments)) {
      return result.toLong();
    } finally {
      for (IValue argument : arguments) {
        argument.close();
      }
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
