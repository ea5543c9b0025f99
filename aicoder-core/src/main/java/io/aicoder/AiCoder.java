package io.aicoder;

import ai.djl.Device;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.engine.Scheduler;
import io.aicoder.engine.Scorer;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.Pooling;
import io.aicoder.generate.Prompt;
import io.aicoder.generate.TextStream;
import io.aicoder.generate.TokenScores;
import io.aicoder.llama.AdapterLoader;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.DeviceChoice;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.llama.LoadProgress;
import io.aicoder.llama.MemoryEstimate;
import io.aicoder.llama.Placement;
import io.aicoder.llama.Quantization;
import io.aicoder.llama.QuantizedFile;
import io.aicoder.llama.TorchRuntime;
import io.aicoder.llama.WeightLoader;
import io.aicoder.text.ChatTemplate;
import io.aicoder.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A Llama checkpoint, loaded and ready: generates, streams, and applies LoRA adapters without
 * merging them.
 *
 * {@snippet :
 * try (AiCoder coder = AiCoder.load(Path.of("examples/nano/base"))) {
 *   GenerationResult result =
 *       coder.generate(GenerationRequest.chat(ChatMessage.user("…")).build());
 *   System.out.println(result.text());
 * }
 * }
 *
 * <p>Safe for use by several threads; requests are served one after the other. Owns native memory
 * until {@link #close}.
 */
public final class AiCoder implements CodeModel {

  /** The adapter name by which a request asks for the model without any. */
  public static final String BASE = "base";

  private static final int NO_ADAPTER = -1;

  private final Checkpoint checkpoint;
  private final ComputeType type;
  private final Quantization quantization;
  private final Tokenizer tokenizer;
  private final Orders orders;
  private final Scheduler scheduler;
  private final Scorer scorer;
  private final Map<String, LoadedAdapter> adapters = new ConcurrentHashMap<>();
  private @Nullable String fingerprint;
  private int nextAdapter;
  private volatile @Nullable String defaultAdapter;

  private record LoadedAdapter(int number, String fingerprint) {}

  private AiCoder(Checkpoint checkpoint, Builder options) {
    this.checkpoint = checkpoint;
    this.type = options.computeType(checkpoint);
    this.quantization = options.quantization;
    ChatTemplate chatTemplate = ChatTemplate.open(checkpoint.directory());
    this.tokenizer = Tokenizer.open(checkpoint.directory());
    this.orders = new Orders(checkpoint, tokenizer, chatTemplate);
    try {
      this.scheduler = new Scheduler(options.loader(checkpoint), tokenizer);
      this.scorer = new Scorer(scheduler);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /**
   * Loads a Hugging Face Llama directory in the checkpoint's own number format.
   *
   * @param directory holds {@code config.json}, safetensors and {@code tokenizer.json}
   * @throws AiCoderException when something in it is absent, damaged or not supported
   */
  public static AiCoder load(Path directory) {
    return builder(directory).build();
  }

  /** Returns a builder for a Hugging Face Llama directory. */
  public static Builder builder(Path directory) {
    return new Builder(directory);
  }

  /** Collects how to load a model. Not thread-safe. */
  public static final class Builder {

    private final Path directory;
    private @Nullable ComputeType type;
    private Quantization quantization = new Quantization.None();
    private @Nullable Path cacheDirectory;
    private @Nullable Path adapter;
    private int threads;
    private List<Device> devices = List.of();
    private @Nullable Placement placement;
    private LoadProgress progress = (bytes, totalBytes) -> {};

    private Builder(Path directory) {
      this.directory = directory;
    }

    /** Sets the number format to compute in; {@code null}: that of the checkpoint's file. */
    public Builder optComputeType(@Nullable ComputeType value) {
      type = value;
      return this;
    }

    /**
     * Holds the matrices of linear layers in fewer bits; the rest is computed in fp32. What was
     * quantized is kept in the {@linkplain #optCacheDirectory cache}.
     */
    public Builder optQuantization(Quantization value) {
      quantization = value;
      return this;
    }

    /**
     * Sets the folder for quantized weights; {@code null}: {@code aicoder} in {@code
     * $XDG_CACHE_HOME}, else in {@code ~/.cache}.
     */
    public Builder optCacheDirectory(@Nullable Path value) {
      cacheDirectory = value;
      return this;
    }

    /** Loads a PEFT adapter directory and applies it to requests that name none. */
    public Builder optAdapter(@Nullable Path value) {
      adapter = value;
      return this;
    }

    /**
     * Sets the threads of one operation, for the whole process; 0: libtorch's choice, one a core.
     *
     * @throws IllegalArgumentException when it is negative
     */
    public Builder optThreads(int value) {
      if (value < 0) {
        throw new IllegalArgumentException("threads is " + value + ": it must be 0 or more");
      }
      threads = value;
      return this;
    }

    private ComputeType computeType(Checkpoint checkpoint) {
      if (quantization instanceof Quantization.None) {
        return type == null ? ComputeType.of(checkpoint.embedding()) : type;
      }
      if (type != null && type != ComputeType.FP32) {
        throw new AiCoderException(
            ErrorCategory.REQUEST,
            "a model quantized to %s computes in fp32, not %s: leave the number format out"
                .formatted(quantization.label(), type));
      }
      return ComputeType.FP32;
    }

    private Supplier<LlamaProgram> loader(Checkpoint checkpoint) {
      if (quantization instanceof Quantization.None) {
        ComputeType computeType = computeType(checkpoint);
        Placement chosen =
            placement == null ? DeviceChoice.choose(devices, checkpoint, computeType) : placement;
        return () -> WeightLoader.load(checkpoint, computeType, chosen, progress);
      }
      if (devices.stream().anyMatch(Device::isGpu)) {
        throw new AiCoderException(
            ErrorCategory.REQUEST,
            "%s is not supported on a GPU: use bf16 there, or the CPU"
                .formatted(quantization.label()));
      }
      Path cache = cacheDirectory == null ? QuantizedFile.defaultDirectory() : cacheDirectory;
      return () -> WeightLoader.load(checkpoint, quantization, cache, progress);
    }

    /**
     * Sets the device: {@code Device.cpu()} or {@code Device.gpu(n)}; {@code null}: a GPU when
     * there is one that the model fits, else the CPU.
     */
    public Builder optDevice(@Nullable Device value) {
      return optDevices(value == null ? List.of() : List.of(value));
    }

    /**
     * Splits the layers over devices, in this order and in proportion to their free memory; empty:
     * as {@link #optDevice} with {@code null}.
     */
    public Builder optDevices(List<Device> values) {
      devices = List.copyOf(values);
      return this;
    }

    /** Sets which layers go where. */
    Builder optPlacement(Placement value) {
      placement = value;
      return this;
    }

    /** Sets who is told how far loading has come. */
    public Builder optProgress(LoadProgress value) {
      progress = value;
      return this;
    }

    /**
     * Estimates what the model would take in memory, adapter included. Reads headers only.
     *
     * @param contextTokens the most tokens of a sequence, prompt and answer together
     * @param sequences the sequences in the cache at once
     * @return for the CPU unless a GPU is among the devices
     * @throws AiCoderException when something in the directory is absent, damaged or not supported
     */
    public MemoryEstimate estimateMemory(int contextTokens, int sequences) {
      Checkpoint checkpoint = Checkpoint.open(directory);
      ComputeType computeType = computeType(checkpoint);
      boolean onGpu = devices.stream().anyMatch(Device::isGpu);
      MemoryEstimate estimate =
          MemoryEstimate.of(checkpoint, computeType, onGpu, contextTokens, sequences);
      return adapter == null
          ? estimate
          : estimate.with(LoraAdapter.open(adapter, checkpoint.config()), computeType);
    }

    /**
     * Loads the model.
     *
     * @throws AiCoderException when something in the directory is absent, damaged or not supported,
     *     a device is not there, or memory does not hold the model
     */
    public AiCoder build() {
      Checkpoint checkpoint = Checkpoint.open(directory);
      TorchRuntime.start(threads);
      AiCoder coder = new AiCoder(checkpoint, this);
      try {
        if (adapter != null) {
          String name = Objects.requireNonNullElse(adapter.getFileName(), adapter).toString();
          coder.loadAdapter(name, adapter);
          coder.defaultAdapter = name;
        }
        return coder;
      } catch (RuntimeException e) {
        coder.close();
        throw e;
      }
    }
  }

  /**
   * Loads a PEFT LoRA adapter, to be chosen by requests under a name. Requests that run are not
   * disturbed.
   *
   * @param name not yet taken, and not {@link #BASE}
   * @param directory holds {@code adapter_config.json} and {@code adapter_model.safetensors}
   * @throws AiCoderException when the name is taken, or the adapter is damaged, not supported or
   *     for another base model
   */
  public synchronized void loadAdapter(String name, Path directory) {
    if (name.equals(BASE) || adapters.containsKey(name)) {
      throw new AiCoderException(
          ErrorCategory.REQUEST, "adapter name '" + name + "' is taken: choose another");
    }
    LoraAdapter adapter = LoraAdapter.open(directory, checkpoint.config());
    int number = nextAdapter++;
    scheduler.withProgram(program -> AdapterLoader.add(program, adapter, number));
    // Named only now: a request must not find an adapter that the program does not have yet.
    adapters.put(name, new LoadedAdapter(number, adapter.fingerprint()));
  }

  /** Returns the architecture of the checkpoint. */
  public LlamaConfig config() {
    return checkpoint.config();
  }

  @Override
  public String name() {
    return Objects.requireNonNullElse(checkpoint.directory().getFileName(), checkpoint.directory())
        .toString();
  }

  @Override
  public String fingerprint(@Nullable String adapter) {
    LoadedAdapter loaded = adapter(adapter);
    return loaded == null ? baseFingerprint() : baseFingerprint() + "+" + loaded.fingerprint();
  }

  /**
   * Made when it is first asked for: it reads up to 64 MiB of each file, which loading need not.
   */
  private synchronized String baseFingerprint() {
    String known = fingerprint;
    if (known == null) {
      String format =
          quantization instanceof Quantization.None ? type.name() : quantization.label();
      known = checkpoint.fingerprint() + "/" + format;
      fingerprint = known;
    }
    return known;
  }

  private @Nullable LoadedAdapter adapter(@Nullable String requested) {
    String name = requested == null ? defaultAdapter : requested;
    if (name == null || name.equals(BASE)) {
      return null;
    }
    LoadedAdapter loaded = adapters.get(name);
    if (loaded == null) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "adapter '" + name + "' is not loaded (loaded: " + adapters.keySet() + ")");
    }
    return loaded;
  }

  @Override
  public TextStream stream(GenerationRequest request) {
    if (request.samples() > 1) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "n is " + request.samples() + ": one result holds one text; call generateAll");
    }
    return scheduler.submit(orders.order(request, adapterNumber(request.adapter())));
  }

  @Override
  public List<GenerationResult> generateAll(GenerationRequest request) {
    return scheduler.run(orders.order(request, adapterNumber(request.adapter())));
  }

  private int adapterNumber(@Nullable String requested) {
    LoadedAdapter adapter = adapter(requested);
    return adapter == null ? NO_ADAPTER : adapter.number();
  }

  /**
   * Returns how likely the model finds a continuation of a prompt.
   *
   * @param prompt what stands before it
   * @param continuation what is scored; its tokens are its own, whatever stands before it
   * @param adapter the name of a loaded adapter; {@code null}: the model's default
   * @throws AiCoderException when the continuation is empty, or both do not fit the context
   */
  public TokenScores logProbabilities(
      Prompt prompt, String continuation, @Nullable String adapter) {
    List<Integer> scored = encode(continuation);
    if (scored.isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.REQUEST, "the continuation has no token: there is nothing to score");
    }
    List<Integer> ids = orders.fitting(orders.encodeScored(prompt, scored));
    return scorer.score(ids, scored.size(), adapterNumber(adapter));
  }

  /** Returns how likely the model, with its default adapter, finds a continuation of a text. */
  public TokenScores logProbabilities(String prompt, String continuation) {
    return logProbabilities(new Prompt.Text(prompt), continuation, null);
  }

  /**
   * Returns how likely the model finds each token of a text but the first. A text longer than the
   * context is read in windows.
   *
   * @param stride how many tokens a window begins behind the one before it, at least 1 and less
   *     than the context: a smaller one shows the model more of what stands before a token, and
   *     takes longer
   * @param adapter the name of a loaded adapter; {@code null}: the model's default
   * @throws AiCoderException when the text has fewer than two tokens
   * @throws IllegalArgumentException when the stride is out of its range
   */
  public TokenScores score(Prompt text, int stride, @Nullable String adapter) {
    if (stride < 1 || stride >= orders.context()) {
      throw new IllegalArgumentException(
          "stride is %d: it must be between 1 and %d".formatted(stride, orders.context() - 1));
    }
    List<Integer> ids = orders.encodeScored(text, List.of());
    return scorer.scoreAll(ids, orders.context(), stride, adapterNumber(adapter));
  }

  /**
   * Returns a text's perplexity with the model's default adapter: {@link #score} in windows that
   * overlap by half, then e to the negative mean.
   */
  public double perplexity(String text) {
    return score(new Prompt.Text(text), Math.max(1, orders.context() / 2), null).perplexity();
  }

  /**
   * Returns a text's embedding: the model's last hidden states, behind its last norm.
   *
   * @param pooling how the tokens' states become one
   * @param normalized whether to scale it to length 1
   * @param adapter the name of a loaded adapter; {@code null}: the model's default
   * @return {@code hidden_size} numbers
   * @throws AiCoderException when the context does not hold the text
   */
  public float[] embed(Prompt text, Pooling pooling, boolean normalized, @Nullable String adapter) {
    List<Integer> ids = orders.fitting(orders.encode(text));
    float[] embedding = scorer.embed(ids, pooling, adapterNumber(adapter));
    return normalized ? ofLengthOne(embedding) : embedding;
  }

  /** Returns a text's embedding with the model's default adapter, not normalized. */
  public float[] embed(String text, Pooling pooling) {
    return embed(new Prompt.Text(text), pooling, false, null);
  }

  private static float[] ofLengthOne(float[] vector) {
    double square = 0;
    for (float number : vector) {
      square += (double) number * number;
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / Math.sqrt(square));
    }
    return vector;
  }

  /**
   * Renders a conversation by the checkpoint's chat template.
   *
   * @param messages the messages, oldest first
   * @param addGenerationPrompt whether the text ends where the model's answer begins
   * @throws AiCoderException when the checkpoint has no template, or it refuses the conversation
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    return orders.render(messages, addGenerationPrompt);
  }

  /** Returns the tokens of a text, special tokens not added. */
  public List<Integer> encode(String text) {
    return tokenizer.encode(text, false);
  }

  /** Returns the text of tokens without special ones. */
  public String decode(List<Integer> ids) {
    return tokenizer.decode(ids);
  }

  @Override
  public int countTokens(String text) {
    return tokenizer.count(text);
  }

  /** Returns the number format that the model computes in. */
  public ComputeType computeType() {
    return type;
  }

  @Override
  public void close() {
    scheduler.close();
    tokenizer.close();
  }
}
