package io.aicoder;

import io.aicoder.checkpoint.AdapterMerge;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.GenerationDefaults;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.engine.Order;
import io.aicoder.engine.Scheduler;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.Prompt;
import io.aicoder.generate.TextStream;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.Sampling;
import io.aicoder.llama.TorchRuntime;
import io.aicoder.llama.WeightLoader;
import io.aicoder.text.ChatTemplate;
import io.aicoder.text.Tokenizer;
import java.nio.file.Path;
import java.security.SecureRandom;
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

  /** New tokens when neither the request nor the checkpoint says how many: the paper's figure. */
  private static final int DEFAULT_NEW_TOKENS = 2048;

  private static final SecureRandom SEEDS = new SecureRandom();

  private final Checkpoint checkpoint;
  private final ComputeType type;
  private final Tokenizer tokenizer;
  private final @Nullable ChatTemplate chatTemplate;
  private final Scheduler scheduler;
  private final LoadedAdapters adapters;
  private @Nullable String fingerprint;

  private AiCoder(Checkpoint checkpoint, ComputeType type) {
    this.checkpoint = checkpoint;
    this.type = type;
    this.chatTemplate = ChatTemplate.open(checkpoint.directory());
    this.tokenizer = Tokenizer.open(checkpoint.directory());
    try {
      this.scheduler = new Scheduler(() -> WeightLoader.load(checkpoint, type), tokenizer);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
    this.adapters = new LoadedAdapters(checkpoint, scheduler);
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
    private @Nullable Path adapter;
    private int threads;

    private Builder(Path directory) {
      this.directory = directory;
    }

    /** Sets the number format to compute in; {@code null}: that of the checkpoint's file. */
    public Builder optComputeType(@Nullable ComputeType value) {
      type = value;
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

    /**
     * Loads the model.
     *
     * @throws AiCoderException when something in the directory is absent, damaged or not supported
     */
    public AiCoder build() {
      Checkpoint checkpoint = Checkpoint.open(directory);
      TorchRuntime.start(threads);
      AiCoder coder =
          new AiCoder(checkpoint, type == null ? ComputeType.of(checkpoint.embedding()) : type);
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
   * Unloads an adapter. Requests that run with it or wait go on and end as if it were still there;
   * later ones are refused. Waits for nothing; its memory is free when the last of them has ended.
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
    String added = adapters.fingerprint(adapter);
    return added == null ? baseFingerprint() : baseFingerprint() + "+" + added;
  }

  /**
   * Made when it is first asked for: it reads up to 64 MiB of each file, which loading need not.
   */
  private synchronized String baseFingerprint() {
    String known = fingerprint;
    if (known == null) {
      known = checkpoint.fingerprint() + "/" + type.name();
      fingerprint = known;
    }
    return known;
  }

  @Override
  public TextStream stream(GenerationRequest request) {
    return adapters.locked(() -> scheduler.submit(order(request)));
  }

  private Order order(GenerationRequest request) {
    GenerationDefaults defaults = checkpoint.generationDefaults();
    List<Integer> prompt = encode(request.prompt());
    int room = checkpoint.config().maxPositions() - prompt.size();
    if (room < 1 || prompt.isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "the prompt has %d tokens, the model's context holds %d: it needs at least one of its own and one for the answer"
              .formatted(prompt.size(), checkpoint.config().maxPositions()));
    }
    return new Order(
        prompt,
        Math.min(
            room,
            orElse(request.maxNewTokens(), orElse(defaults.maxNewTokens(), DEFAULT_NEW_TOKENS))),
        new Sampling(
            orElse(request.temperature(), defaults.temperature()),
            orElse(request.topK(), defaults.topK()),
            orElse(request.topP(), defaults.topP()),
            orElse(request.repetitionPenalty(), defaults.repetitionPenalty())),
        orElse(request.seed(), SEEDS.nextLong()),
        request.stop(),
        request.ignoreEos() ? List.of() : defaults.eosTokenIds(),
        adapters.number(request.adapter()),
        request.promptLogits());
  }

  private static <T> T orElse(@Nullable T value, T otherwise) {
    return value == null ? otherwise : value;
  }

  private List<Integer> encode(Prompt prompt) {
    if (prompt instanceof Prompt.Chat chat) {
      return inVocabulary(tokenizer.encode(render(chat.messages(), true), false));
    }
    if (prompt instanceof Prompt.Text text) {
      return inVocabulary(tokenizer.encodePrompt(text.text()));
    }
    return inVocabulary(((Prompt.Tokens) prompt).ids());
  }

  /** Outside ids would read past the embedding: checked here, whoever made them. */
  private List<Integer> inVocabulary(List<Integer> ids) {
    int size = checkpoint.config().vocabularySize();
    for (int id : ids) {
      if (id < 0 || id >= size) {
        throw new AiCoderException(
            ErrorCategory.REQUEST,
            "token id %d is outside the vocabulary of %d: check the ids, or that tokenizer.json belongs to the model"
                .formatted(id, size));
      }
    }
    return ids;
  }

  /**
   * Renders a conversation by the checkpoint's chat template.
   *
   * @param messages the messages, oldest first
   * @param addGenerationPrompt whether the text ends where the model's answer begins
   * @throws AiCoderException when the checkpoint has no template, or it refuses the conversation
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    if (chatTemplate == null) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          checkpoint.directory()
              + ": tokenizer_config.json has no chat_template, so that a conversation cannot be rendered: send a plain text");
    }
    return chatTemplate.render(messages, addGenerationPrompt);
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
