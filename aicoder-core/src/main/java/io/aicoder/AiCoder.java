package io.aicoder;

import ai.djl.Device;
import io.aicoder.checkpoint.AdapterMerge;
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
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.LoadProgress;
import io.aicoder.llama.MemoryEstimate;
import io.aicoder.llama.Placement;
import io.aicoder.llama.Quantization;
import io.aicoder.llama.TorchRuntime;
import io.aicoder.text.ChatTemplate;
import io.aicoder.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
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

  private final Checkpoint checkpoint;
  private final ComputeType type;
  private final String format;
  private final Tokenizer tokenizer;
  private final Orders orders;
  private final Scheduler scheduler;
  private final LoadedAdapters adapters;
  private final TextScoring scoring;

  private AiCoder(Checkpoint checkpoint, LoadPlan plan) {
    this.checkpoint = checkpoint;
    this.type = plan.computeType(checkpoint);
    this.format = plan.label(checkpoint);
    ChatTemplate chatTemplate = ChatTemplate.open(checkpoint.directory());
    this.tokenizer = Tokenizer.open(checkpoint.directory());
    this.orders = new Orders(checkpoint, tokenizer, chatTemplate, new Constraints(checkpoint));
    try {
      this.scheduler = new Scheduler(plan.loader(checkpoint), tokenizer);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
    this.adapters = new LoadedAdapters(checkpoint, scheduler);
    this.scoring = new TextScoring(orders, adapters, new Scorer(scheduler));
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
     * Holds the matrices of linear layers in fewer bits; the rest is computed in fp32, on a GPU in
     * bf16. What was quantized is kept in the {@linkplain #optCacheDirectory cache}. Such a model
     * goes to a GPU only when one is asked for.
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

    private LoadPlan plan() {
      return new LoadPlan(type, quantization, cacheDirectory, devices, placement, progress);
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
      LoadPlan plan = plan();
      MemoryEstimate estimate = plan.estimate(checkpoint, contextTokens, sequences);
      return adapter == null
          ? estimate
          : estimate.with(LoraAdapter.open(adapter, checkpoint), plan.computeType(checkpoint));
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
      AiCoder coder = new AiCoder(checkpoint, plan());
      try {
        if (adapter != null) {
          String name = Objects.requireNonNullElse(adapter.getFileName(), adapter).toString();
          coder.loadAdapter(name, adapter);
          coder.adapters.useByDefault(name);
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
  public void loadAdapter(String name, Path directory) {
    adapters.load(name, directory);
  }

  /**
   * Loads a PEFT LoRA adapter in place of the one of that name, or as a new one. Requests that run
   * or wait go on and end with the former; later ones have the new.
   *
   * @param name not {@link #BASE}
   * @param directory as for {@link #loadAdapter}
   * @throws AiCoderException when the adapter is damaged, not supported or for another base model;
   *     the former stays then
   */
  public void replaceAdapter(String name, Path directory) {
    adapters.replace(name, directory);
  }

  /**
   * Unloads an adapter. Requests that run with it or wait go on and end as if it were still there;
   * later ones are refused. Waits for a text that is being scored, not for requests; its memory is
   * free when the last of them has ended.
   *
   * @throws AiCoderException when no adapter of that name is loaded, or it is the default
   */
  public void unloadAdapter(String name) {
    adapters.unload(name);
  }

  /**
   * Adds the weighted sum of loaded adapters as one more: {@code W + Σ weight · scaling · B A},
   * which is PEFT's {@code add_weighted_adapter} with {@code combination_type="cat"}. It stays when
   * they are unloaded.
   *
   * @param name not yet taken, and not {@link #BASE}
   * @param weights by the names of loaded adapters; finite, and may be negative
   * @throws AiCoderException when the name is taken, an adapter is not loaded, or it is more than
   *     factors: DoRA, biases, {@code modules_to_save}, {@code trainable_token_indices}
   */
  public void combineAdapters(String name, Map<String, Double> weights) {
    adapters.combine(name, weights);
  }

  /** Returns the names of the adapters that are loaded, combined ones among them. */
  public SortedSet<String> adapters() {
    return adapters.names();
  }

  /**
   * Writes the base with an adapter merged into it as a checkpoint of its own, in the base's number
   * formats. Requests go on meanwhile. For other shards or to see how far it is: {@link
   * AdapterMerge}.
   *
   * @param adapter the name of a loaded adapter
   * @param scale what the adapter's product is multiplied by; 1 for the adapter as it is
   * @param target a directory that does not exist or is empty
   * @throws AiCoderException when it cannot be merged or written
   */
  public void merge(String adapter, double scale, Path target) {
    AdapterMerge.Builder merge = AdapterMerge.builder(checkpoint);
    adapters.parts(adapter).forEach(part -> merge.add(part.adapter(), part.weight() * scale));
    merge.build().write(target);
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
    String base = checkpoint.fingerprint() + "/" + format;
    String added = adapters.fingerprint(adapter);
    return added == null ? base : base + "+" + added;
  }

  @Override
  public TextStream stream(GenerationRequest request) {
    if (request.samples() > 1) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "n is " + request.samples() + ": one result holds one text; call generateAll");
    }
    return adapters.locked(
        () -> scheduler.submit(orders.order(request, adapters.number(request.adapter()))));
  }

  @Override
  public List<GenerationResult> generateAll(GenerationRequest request) {
    return adapters
        .locked(() -> scheduler.start(orders.order(request, adapters.number(request.adapter()))))
        .get();
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
    return scoring.logProbabilities(prompt, encode(continuation), adapter);
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
    return scoring.score(text, stride, adapter);
  }

  /**
   * Returns a text's perplexity with the model's default adapter: {@link #score} in windows that
   * overlap by half, then e to the negative mean.
   */
  public double perplexity(String text) {
    return scoring.perplexity(text);
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
    return scoring.embed(text, pooling, normalized, adapter);
  }

  /** Returns a text's embedding with the model's default adapter, not normalized. */
  public float[] embed(String text, Pooling pooling) {
    return embed(new Prompt.Text(text), pooling, false, null);
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
