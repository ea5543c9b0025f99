package io.aicoder;

import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.GenerationDefaults;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.engine.Order;
import io.aicoder.engine.Scheduler;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.Prompt;
import io.aicoder.generate.TextStream;
import io.aicoder.llama.AdapterLoader;
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
import java.util.concurrent.ConcurrentHashMap;
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

  private static final int NO_ADAPTER = -1;
  private static final SecureRandom SEEDS = new SecureRandom();

  private final Checkpoint checkpoint;
  private final ComputeType type;
  private final Tokenizer tokenizer;
  private final @Nullable ChatTemplate chatTemplate;
  private final Scheduler scheduler;
  private final Map<String, LoadedAdapter> adapters = new ConcurrentHashMap<>();
  private @Nullable String fingerprint;
  private int nextAdapter;
  private volatile @Nullable String defaultAdapter;

  private record LoadedAdapter(int number, String fingerprint) {}

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
      known = checkpoint.fingerprint() + "/" + type.name();
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
    return scheduler.submit(order(request));
  }

  private Order order(GenerationRequest request) {
    GenerationDefaults defaults = checkpoint.generationDefaults();
    List<Integer> prompt = encode(request.prompt());
    int room = checkpoint.config().contextLength() - prompt.size();
    if (room < 1 || prompt.isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "the prompt has %d tokens, the model's context holds %d: it needs at least one of its own and one for the answer"
              .formatted(prompt.size(), checkpoint.config().contextLength()));
    }
    LoadedAdapter adapter = adapter(request.adapter());
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
        adapter == null ? NO_ADAPTER : adapter.number(),
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
