package io.aicoder.finetune.peft;

import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.checkpoint.LoraLayout;
import io.aicoder.checkpoint.NewDirectory;
import io.aicoder.checkpoint.SafeTensorsWriter;
import io.aicoder.checkpoint.StoredTensor;
import io.aicoder.checkpoint.StoredType;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes an adapter as PEFT does: {@code adapter_config.json}, {@code adapter_model.safetensors}
 * and a model card, {@code README.md}. PEFT loads the directory, and so does AICoder.
 *
 * <p>The file of tensors is, byte for byte, the one that PEFT 0.21 writes for the same numbers. In
 * the configuration the names of modules are sorted, which PEFT leaves to chance.
 *
 * {@snippet :
 * LoraOptions options = LoraOptions.builder().optBaseModel("nano-base").build();
 * AdapterFiles files = new AdapterFiles(options, base.config());
 * files.write(Path.of("out/adapter"), tensors, card);
 * }
 *
 * <p>Immutable and safe for use by several threads.
 */
public final class AdapterFiles {

  static final String CONFIG = "adapter_config.json";
  static final String WEIGHTS = "adapter_model.safetensors";
  static final String CARD = "README.md";

  private static final String EMBEDDING = "base_model.model.model.embed_tokens.weight";
  private static final String HEAD = "base_model.model.lm_head.weight";

  /** More than configuration, card and header take beside the numbers. */
  private static final long BESIDE_NUMBERS = 1L << 20;

  private final LoraOptions options;
  private final LlamaConfig base;
  private final String config;
  private final LoraLayout layout;
  private final boolean tiedHead;

  /**
   * Lays the options out over a base.
   *
   * @param options what is adapted
   * @param base the configuration of the model that it is for
   * @throws AiCoderException (REQUEST) when the base has no module of a name, or too few layers;
   *     (CHECKPOINT) when an option is not supported
   */
  public AdapterFiles(LoraOptions options, LlamaConfig base) {
    this.options = options;
    this.base = base;
    config = AdapterConfig.json(options);
    layout = LoraLayout.of(config, base);
    tiedHead =
        options.ensureWeightTying()
            && base.tiedEmbeddings()
            && layout.saved().contains(LoraAdapter.HEAD);
    for (int layer : options.layersToTransform()) {
      if (layer >= base.layers()) {
        throw refused("layers to transform names layer %d, the base has %d", layer, base.layers());
      }
    }
    for (String target : options.targetModules()) {
      requireUse(target);
    }
  }

  /**
   * Checks what an adapter that was trained elsewhere may have, and a new one has by a slip only.
   *
   * @throws AiCoderException (REQUEST) when a pattern fits no module, or a rank is above the sizes
   *     of its module
   */
  public void requireMeant() {
    LoraOptions.Builder builder = options.toBuilder();
    builder.optRankPattern(Map.of()).optAlphaPattern(Map.of());
    int other = options.rank() + 1;
    Stream.of(options.rankPattern(), options.alphaPattern())
        .flatMap(pattern -> pattern.keySet().stream())
        .forEach(
            key -> {
              LoraOptions alone = builder.optRankPattern(Map.of(key, other)).build();
              if (LoraLayout.of(AdapterConfig.json(alone), base).adapted().stream()
                  .noneMatch(each -> each.rank() == other)) {
                throw refused(
                    "a pattern of ranks or alphas names %s, which fits no adapted module", key);
              }
            });
    for (LoraLayout.Adapted each : layout.adapted()) {
      if (each.rank() > Math.max(each.in(), each.out())) {
        throw refused(
            "rank of %s is %d, the module is %d × %d: choose less",
            each.name(), each.rank(), each.out(), each.in());
      }
    }
  }

  /** PEFT passes over a name that fits nothing, which is a slip more often than meant. */
  private void requireUse(String target) {
    boolean used =
        layout.adapted().stream()
            .map(LoraLayout.Adapted::name)
            .anyMatch(name -> name.equals(target) || name.endsWith("." + target));
    if (!used && !layout.saved().stream().anyMatch(name -> name.endsWith(target))) {
      throw refused(
          "target modules names %s, which fits no module of the base (%s, embed_tokens, lm_head)",
          target, String.join(", ", LoraOptions.ALL_LINEAR));
    }
  }

  private static AiCoderException refused(String problem, Object... values) {
    return new AiCoderException(ErrorCategory.REQUEST, problem.formatted(values));
  }

  /** Returns what is adapted, with ranks and scalings. */
  public LoraLayout layout() {
    return layout;
  }

  /**
   * Whether embedding and head are trained whole and as one: the files have both, as PEFT writes
   * them.
   */
  public boolean tiedHead() {
    return tiedHead;
  }

  /**
   * Returns the shapes of the tensors that are trained, by their names in the file: those of {@link
   * LoraLayout#tensors()}, but a tied head's.
   */
  public Map<String, List<Long>> trained() {
    Map<String, List<Long>> trained = layout.tensors();
    if (tiedHead) {
      trained.remove(HEAD);
    }
    return trained;
  }

  /**
   * Writes a directory that appears under its name when all of it is on the disk.
   *
   * @param target does not exist or is an empty directory; folders around it are made
   * @param tensors those of {@link #trained()}, in any order
   * @param card the model card
   * @throws AiCoderException (REQUEST) when tensors are missing, too many, of another shape or not
   *     finite; (ENVIRONMENT) when something is in the way, or the disk is full or fails
   */
  public void write(Path target, List<NamedTensor> tensors, ModelCard card) {
    Map<String, NamedTensor> checked = check(tensors);
    long bytes = checked.values().stream().mapToLong(tensor -> tensor.values().remaining()).sum();
    try {
      Path parent = target.toAbsolutePath().normalize().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      try (NewDirectory directory = NewDirectory.create(target, bytes + BESIDE_NUMBERS)) {
        writeAll(directory.path(), checked, card);
        directory.finish();
      }
    } catch (IOException e) {
      throw failed(target, e);
    }
  }

  /**
   * Writes the files into a directory that is there, such as a checkpoint in the making. They are
   * not atomic by themselves.
   *
   * @param directory without such files
   * @param tensors as for {@link #write}
   * @param card the model card
   * @throws AiCoderException as for {@link #write}
   */
  public void writeInto(Path directory, List<NamedTensor> tensors, ModelCard card) {
    Map<String, NamedTensor> checked = check(tensors);
    try {
      writeAll(directory, checked, card);
    } catch (IOException e) {
      throw failed(directory, e);
    }
  }

  private static AiCoderException failed(Path directory, IOException e) {
    return new AiCoderException(
        ErrorCategory.ENVIRONMENT,
        directory
            + ": the adapter cannot be written ("
            + e
            + "): check the folder's permissions and free space",
        e);
  }

  /** Returns the tensors in the order of the file. */
  private Map<String, NamedTensor> check(List<NamedTensor> tensors) {
    Map<String, List<Long>> expected = trained();
    Map<String, NamedTensor> given = new TreeMap<>();
    for (NamedTensor tensor : tensors) {
      List<Long> shape = expected.get(tensor.name());
      if (shape == null || given.put(tensor.name(), tensor) != null) {
        throw refused(
            "the adapter has tensor %s %s",
            tensor.name(), shape == null ? "that its options do not ask for" : "twice");
      }
      if (!shape.equals(tensor.shape())) {
        throw refused(
            "the adapter's tensor %s has shape %s, its options ask for %s",
            tensor.name(), tensor.shape(), shape);
      }
      int broken = tensor.firstNotFinite();
      if (broken >= 0) {
        throw refused(
            "the adapter's tensor %s holds %s at %d: train again with a lower learning rate",
            tensor.name(), tensor.numbers()[broken], broken);
      }
    }
    if (given.size() < expected.size()) {
      TreeSet<String> missing = new TreeSet<>(expected.keySet());
      missing.removeAll(given.keySet());
      throw refused(
          "the adapter lacks %d tensors that its options ask for: %s",
          missing.size(), missing.stream().limit(5).collect(Collectors.joining(", ")));
    }
    if (tiedHead) {
      NamedTensor table = Objects.requireNonNull(given.get(EMBEDDING));
      given.put(HEAD, new NamedTensor(HEAD, table.shape(), table.values()));
    }
    return given;
  }

  private void writeAll(Path directory, Map<String, NamedTensor> tensors, ModelCard card)
      throws IOException {
    Path file = directory.resolve(WEIGHTS);
    List<StoredTensor> entries = new ArrayList<>();
    for (NamedTensor tensor : tensors.values()) {
      entries.add(new StoredTensor(tensor.name(), file, StoredType.F32, tensor.shape(), 0));
    }
    try (SafeTensorsWriter writer = new SafeTensorsWriter(file, entries)) {
      for (NamedTensor tensor : tensors.values()) {
        writer.write(tensor.values());
      }
      writer.finish();
    }
    Files.writeString(directory.resolve(CONFIG), config);
    Files.writeString(directory.resolve(CARD), card.text(options));
  }
}
