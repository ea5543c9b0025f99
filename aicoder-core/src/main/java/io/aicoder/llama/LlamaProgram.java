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

  private final LlamaConfig config;
  private final ComputeType type;
  private final Placement placement;
  private final Model model;
  private final PtSymbolBlock block;
  private final PtNDManager manager;

  private LlamaProgram(LlamaConfig config, ComputeType type, Placement placement, Model model) {
    this.config = config;
    this.type = type;
    this.placement = placement;
    this.model = model;
    this.block = (PtSymbolBlock) model.getBlock();
    this.manager = (PtNDManager) model.getNDManager();
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
   * Begins an empty sequence.
   *
   * @param capacity the most positions it may have; the cache is kept when it is large enough
   * @throws AiCoderException when memory cannot hold the keys and values of so many
   */
  public void begin(int capacity) {
    double bytes = config.layers() * PartSizes.cacheOfLayer(config, type, capacity, 1);
    // An allocation beyond the machine's memory may succeed, to end the JVM when it is used.
    if (placement.onCpu() && bytes > DeviceMemory.of(Placement.CPU).total()) {
      throw noCache(capacity, bytes, null);
    }
    try {
      callLong("begin", IValue.from(1L), IValue.from((long) capacity));
    } catch (EngineException e) {
      throw noCache(capacity, bytes, e);
    }
  }

  private AiCoderException noCache(int capacity, double bytes, @Nullable Throwable cause) {
    return MemoryShortage.of(
        "the keys and values of " + capacity + " tokens",
        bytes,
        placement.devices(),
        "lower max_new_tokens, shorten the prompt, "
            + MemoryShortage.narrower(type)
            + "or choose another device",
        cause);
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
    try {
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
    } catch (EngineException e) {
      throw MemoryShortage.isBehind(e) ? noWorkspace(position + 1, e) : e;
    }
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
