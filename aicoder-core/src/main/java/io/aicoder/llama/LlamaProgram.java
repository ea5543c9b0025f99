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
import com.sun.management.OperatingSystemMXBean;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.RopeScaling;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.llama.TorchScriptArchive.EmptyContainer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The model: the TorchScript source {@code llama.py}, loaded into libtorch, with one sequence in
 * its KV cache.
 *
 * <p>Not thread-safe: one thread calls at a time. Owns its native memory until {@link #close}.
 */
public final class LlamaProgram implements AutoCloseable {

  private static final Logger LOGGER = LoggerFactory.getLogger(LlamaProgram.class);

  private static final String SOURCE = "llama.py";

  /** The product of one row and a matrix in the source, and what stands for it without oneDNN. */
  private static final String ONEDNN_PRODUCT =
      "ops.mkldnn._linear_pointwise(x, weight, None, \"none\", annotate(List[Optional[number]], []), \"\")";

  private static final String PLAIN_PRODUCT = "torch.linear(x, weight)";

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
    try {
      String source = source();
      try {
        return load(config, source);
      } catch (EngineException e) {
        if (!String.valueOf(e.getMessage()).contains("mkldnn")) {
          throw e;
        }
        // This platform's libtorch is built without oneDNN.
        return load(config, source.replace(ONEDNN_PRODUCT, PLAIN_PRODUCT));
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

  private static LlamaProgram load(LlamaConfig config, String source)
      throws IOException, MalformedModelException {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    TorchScriptArchive.write(archive, source, "Llama", attributes(config));
    Model model = Model.newInstance("llama", Device.cpu(), "PyTorch");
    try {
      model.load(new ByteArrayInputStream(archive.toByteArray()));
      return new LlamaProgram(config, model);
    } catch (IOException | MalformedModelException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private static String source() throws IOException {
    try (InputStream in = LlamaProgram.class.getResourceAsStream(SOURCE)) {
      if (in == null) {
        throw new IOException("resource " + SOURCE + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Map<String, Object> attributes(LlamaConfig config) {
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("training", false);
    attributes.put("onednn", false);
    attributes.put("layers", config.layers());
    attributes.put("heads", config.heads());
    attributes.put("kv_heads", config.keyValueHeads());
    attributes.put("head_dim", config.headSize());
    attributes.put("eps", config.rmsNormEpsilon());
    attributes.put("rope_theta", config.ropeTheta());
    addRope(attributes, config.ropeScaling());
    for (String list :
        List.of(
            "files",
            "embedding",
            "head",
            "norms",
            "weights",
            "keys",
            "values",
            "rope",
            "seen",
            "logits")) {
      attributes.put(list, new EmptyContainer("List[Tensor]"));
    }
    attributes.put("biases", new EmptyContainer("Dict[int, Tensor]"));
    attributes.put("adapters", new EmptyContainer("Dict[int, List[Tensor]]"));
    return attributes;
  }

  private static void addRope(Map<String, Object> attributes, RopeScaling scaling) {
    RopeScaling.Llama3 llama3 =
        scaling instanceof RopeScaling.Llama3 value ? value : new RopeScaling.Llama3(1, 1, 2, 1);
    double factor =
        scaling instanceof RopeScaling.Linear linear ? linear.factor() : llama3.factor();
    attributes.put("rope_type", scaling.ropeType());
    attributes.put("rope_factor", factor);
    attributes.put("rope_low", llama3.lowFrequencyFactor());
    attributes.put("rope_high", llama3.highFrequencyFactor());
    attributes.put("rope_original", llama3.originalMaxPositions());
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
    try {
      callLong("try_onednn");
    } catch (EngineException e) {
      LOGGER.debug("oneDNN does not multiply this number format here", e);
      callLong("leave_onednn");
    }
    callLong("loaded");
  }

  /**
   * Begins an empty sequence.
   *
   * @param capacity the most positions it may have; the cache is kept when it is large enough
   * @throws AiCoderException when memory cannot hold the keys and values of so many
   */
  public void begin(int capacity) {
    double numbers = 2.0 * config.layers() * config.keyValueHeads() * config.headSize() * capacity;
    if (numbers * SMALLEST_NUMBER > MEMORY) {
      throw noMemory(capacity, null);
    }
    try {
      callLong("begin", IValue.from((long) capacity));
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
