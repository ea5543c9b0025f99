package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds the tensors that an adapter's configuration asks for in its file.
 *
 * <p>PEFT warns of tensors that are missing and drops those that nobody asked for. Both change what
 * the model says, so that both are refused here.
 */
final class LoraReader {

  static final String CONFIG = "adapter_config.json";
  static final String WEIGHTS = "adapter_model.safetensors";

  private static final Pattern LAYER_MODULE =
      Pattern.compile("base_model\\.model\\.model\\.layers\\.(\\d+)\\.(\\w+\\.\\w+)\\.lora_.*");

  private final Path file;
  private final Checkpoint base;
  private final LoraConfig config;
  private final LoraLayout layout;
  private final boolean tiedBase;
  private final Map<String, StoredTensor> tensors;
  private final Map<String, LoraAdapter.Factors> factors = new HashMap<>();
  private final Map<String, StoredTensor> biases = new HashMap<>();
  private final Map<String, StoredTensor> tables = new HashMap<>();
  private final Map<String, LoraAdapter.Rows> rows = new HashMap<>();

  /** The first tensor that is missing; a tensor too many explains more. */
  private @Nullable String missing;

  private LoraReader(
      Path file, Checkpoint base, LoraConfig config, Map<String, StoredTensor> tensors) {
    this.file = file;
    this.base = base;
    this.config = config;
    this.layout = LoraLayout.of(config, base.config());
    this.tiedBase = base.config().tiedEmbeddings();
    this.tensors = tensors;
  }

  static LoraAdapter read(Path directory, Checkpoint base) {
    Checkpoint.requireDirectory(directory, "adapter");
    Path configFile = require(directory, CONFIG);
    Path weights = require(directory, WEIGHTS);
    LoraConfig config = LoraConfig.read(JsonObject.read(configFile));
    Map<String, StoredTensor> tensors = new HashMap<>(SafeTensors.read(weights));
    if (tensors.isEmpty()) {
      throw problem(weights, "holds no LoRA tensors");
    }
    return new LoraAdapter(directory, new LoraReader(weights, base, config, tensors).contents());
  }

  private static Path require(Path directory, String name) {
    Path file = directory.resolve(name);
    if (!Files.isRegularFile(file)) {
      ForeignWeights.refuse(directory);
      throw problem(directory, "has no " + name + ": is this a PEFT adapter directory?");
    }
    return file;
  }

  private LoraAdapter.Contents contents() {
    for (LoraModule module : layout.modules()) {
      if (layout.adapts(module.name())) {
        addFactors(module);
      }
      if (layout.asksForBias(module)) {
        addBias(module);
      }
      if (module.embedding() || module.head()) {
        addTable(module);
      }
    }
    boolean tiedRows = addRows();
    tensors.values().stream().findFirst().ifPresent(this::refuse);
    if (missing != null) {
      throw problem(file, missing);
    }
    boolean tied =
        tiedBase
            && (tiedRows
                || (config.tied()
                    && (layout.saves(LoraModule.EMBEDDING)
                        || layout.adapts(LoraModule.EMBEDDING))));
    return new LoraAdapter.Contents(factors, biases, tables, rows, tied);
  }

  private void addFactors(LoraModule module) {
    if (module.embedding() && config.loraBias()) {
      throw problem(config.file(), "lora_bias is set, which PEFT does not allow for embed_tokens");
    }
    int rank = config.rank(module.name());
    StoredTensor a = take(module.a(), rank, module.in());
    StoredTensor b = take(module.b(), module.out(), rank);
    StoredTensor bias = config.loraBias() ? expect(module.loraBias(), module.out()) : null;
    StoredTensor magnitude = config.dora() ? expect(module.magnitude(), module.out()) : null;
    if (a != null && b != null) {
      factors.put(
          module.name(),
          new LoraAdapter.Factors(a, b, config.scaling(module.name()), bias, magnitude));
    } else if (a == null && b == null) {
      miss("lacks the factors of " + module.name() + ", which " + CONFIG + " says is adapted");
    } else {
      miss("has only one of lora_A and lora_B for " + module.name());
    }
  }

  private void addBias(LoraModule module) {
    String name = layout.adapts(module.name()) ? module.ownBeside("bias") : module.own("bias");
    // Early versions of PEFT had no base_layer.
    StoredTensor bias = take(tensors.containsKey(name) ? name : module.own("bias"), module.out());
    if (bias == null) {
      lack(name);
    }
    if (bias != null) {
      biases.put(module.name(), bias);
    }
  }

  /** Finds a whole embedding or head: one that was trained, or a copy of the base's. */
  private void addTable(LoraModule module) {
    int vocabulary = base.config().vocabularySize();
    int hidden = base.config().hiddenSize();
    if (layout.saves(module.name())) {
      StoredTensor table = expect(module.own("weight"), vocabulary, hidden);
      if (table != null) {
        tables.put(module.name(), table);
      }
      return;
    }
    StoredTensor copy =
        take(
            layout.adapts(module.name()) ? module.ownBeside("weight") : module.own("weight"),
            vocabulary,
            hidden);
    if (copy == null) {
      return;
    }
    StoredTensor own = module.head() && !tiedBase ? base.head() : base.embedding();
    if (!TensorValues.equal(own, copy)) {
      tables.put(module.name(), copy);
      // PEFT loads a copy into the base itself, where embedding and head are one.
      if (tiedBase && module.embedding() && !config.saved().contains(LoraModule.HEAD)) {
        tables.put(LoraModule.HEAD, copy);
      }
    }
  }

  /** Finds the rows of trainable tokens; returns whether a tied head has the embedding's. */
  private boolean addRows() {
    Map<String, List<Integer>> tokens = config.trainableTokens();
    List<Integer> embedding = tokens.get(LoraModule.EMBEDDING);
    List<Integer> head = tokens.get(LoraModule.HEAD);
    boolean shared = tiedBase && embedding != null && (head == null || head.equals(embedding));
    for (LoraModule module : layout.modules()) {
      List<Integer> ids = tokens.get(module.name());
      if (ids == null || (shared && module.head())) {
        continue;
      }
      if (layout.saves(module.name()) || layout.adapts(module.name())) {
        throw problem(
            config.file(),
            "trainable_token_indices and another option both change " + module.name());
      }
      checkTokens(ids);
      StoredTensor values = expect(module.rows(), ids.size(), base.config().hiddenSize());
      if (values != null) {
        rows.put(module.name(), new LoraAdapter.Rows(ids, values));
      }
    }
    LoraAdapter.Rows common = rows.get(LoraModule.EMBEDDING);
    if (shared && common != null) {
      rows.put(LoraModule.HEAD, common);
    }
    return shared;
  }

  private void checkTokens(List<Integer> ids) {
    Set<Integer> seen = new HashSet<>();
    for (int id : ids) {
      if (id >= base.config().vocabularySize() || !seen.add(id)) {
        throw problem(
            config.file(),
            "trainable_token_indices holds %d, which is twice there or outside the vocabulary of %d"
                .formatted(id, base.config().vocabularySize()));
      }
    }
  }

  /** Takes a tensor that must be there; notes that it is missing. */
  private @Nullable StoredTensor expect(String name, int... shape) {
    StoredTensor tensor = take(name, shape);
    if (tensor == null) {
      lack(name);
    }
    return tensor;
  }

  private void lack(String name) {
    miss("lacks tensor " + name + ", which " + CONFIG + " asks for");
  }

  private @Nullable StoredTensor take(String name, int... shape) {
    StoredTensor tensor = tensors.remove(name);
    List<Long> expected = Arrays.stream(shape).mapToObj(size -> (long) size).toList();
    if (tensor != null && !tensor.shape().equals(expected)) {
      throw problem(
          file,
          "tensor %s has shape %s, r and the model's config.json say %s: the adapter is for another base model"
              .formatted(name, tensor.shape(), expected));
    }
    return tensor;
  }

  private void miss(String what) {
    missing = missing == null ? what + ": save the adapter again" : missing;
  }

  /** Says why a tensor is one too many. */
  private void refuse(StoredTensor tensor) {
    Matcher layer = LAYER_MODULE.matcher(tensor.name());
    if (layer.matches()) {
      String digits = layer.group(1);
      int layers = base.config().layers();
      if (digits.length() > 6 || Integer.parseInt(digits) >= layers) {
        throw problem(
            file,
            "adapts layer %s, the model has %d: the adapter is for another base model"
                .formatted(digits, layers));
      }
      Set<String> known =
          Arrays.stream(Projection.values()).map(Projection::module).collect(Collectors.toSet());
      if (!known.contains(layer.group(2))) {
        throw problem(file, "adapts " + layer.group(2) + ", which no Llama layer has");
      }
    }
    throw problem(
        file,
        "has tensor %s, which %s does not ask for (target_modules, modules_to_save, bias, lora_bias, use_dora and others): they do not belong together"
            .formatted(tensor.name(), CONFIG));
  }

  private static AiCoderException problem(Path path, String problem) {
    return new AiCoderException(ErrorCategory.CHECKPOINT, path + ": " + problem);
  }
}
