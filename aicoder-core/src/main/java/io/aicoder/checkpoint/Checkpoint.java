package io.aicoder.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face checkpoint directory of a Llama: its configuration and where its weights lie.
 *
 * <p>Opening reads headers only. Immutable and safe for use by several threads.
 */
public final class Checkpoint {

  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  /** A name that leads to no other directory, on any operating system. */
  private static final Pattern FILE_NAME = Pattern.compile("(?!\\.{1,2}$)[^/\\\\:\\x00]+");

  private final Path directory;
  private final LlamaConfig config;
  private final GenerationDefaults generationDefaults;
  private final Map<String, StoredTensor> tensors;
  private @Nullable String fingerprint;

  private Checkpoint(
      Path directory,
      LlamaConfig config,
      GenerationDefaults generationDefaults,
      Map<String, StoredTensor> tensors) {
    this.directory = directory;
    this.config = config;
    this.generationDefaults = generationDefaults;
    this.tensors = tensors;
  }

  /**
   * Opens a directory.
   *
   * @param directory holds {@code config.json} and {@code model.safetensors}, or its shards with
   *     {@code model.safetensors.index.json}; {@code generation_config.json} may be absent
   * @throws AiCoderException when something is absent, damaged or not supported
   */
  public static Checkpoint open(Path directory) {
    requireDirectory(directory, "checkpoint");
    Path configFile = directory.resolve("config.json");
    if (!Files.isRegularFile(configFile)) {
      ForeignWeights.refuse(directory);
      throw problem(directory, "has no config.json: is this a Hugging Face model directory?");
    }
    LlamaConfig config = LlamaConfig.read(configFile);
    GenerationDefaults defaults =
        GenerationDefaults.read(directory.resolve("generation_config.json"), config);
    return new Checkpoint(directory, config, defaults, readHeaders(directory));
  }

  static void requireDirectory(Path directory, String what) {
    if (!Files.isDirectory(directory)) {
      String state = Files.exists(directory) ? "is not a directory" : "does not exist";
      throw problem(directory, state + ": give the " + what + "'s directory");
    }
  }

  private static Map<String, StoredTensor> readHeaders(Path directory) {
    if (Files.isRegularFile(directory.resolve(SINGLE))) {
      return SafeTensors.read(directory.resolve(SINGLE));
    }
    Path index = directory.resolve(INDEX);
    if (Files.isRegularFile(index)) {
      return readShards(directory, index);
    }
    ForeignWeights.refuse(directory);
    throw problem(directory, "has neither " + SINGLE + " nor " + INDEX + ": download the weights");
  }

  private static Map<String, StoredTensor> readShards(Path directory, Path index) {
    JsonObject json = JsonObject.read(index);
    JsonObject weightMap = json.optObject("weight_map");
    if (weightMap == null) {
      throw json.problem("weight_map", "is missing");
    }
    Map<String, Map<String, StoredTensor>> shards = new HashMap<>();
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : weightMap.node().properties()) {
      String shard = entry.getValue().asText();
      Path file = file(directory, shard);
      if (file == null) {
        throw weightMap.problem(
            entry.getKey(), "names '" + shard + "', which is no file of the directory");
      }
      if (!Files.isRegularFile(file)) {
        throw problem(file, "is missing, though " + INDEX + " names it: download it");
      }
      StoredTensor tensor =
          shards.computeIfAbsent(shard, name -> SafeTensors.read(file)).get(entry.getKey());
      if (tensor == null) {
        throw problem(file, "has no tensor " + entry.getKey() + ", though " + INDEX + " says so");
      }
      tensors.put(entry.getKey(), tensor);
    }
    return tensors;
  }

  /** Returns a file of a directory, or {@code null} when the name is none or leads elsewhere. */
  private static @Nullable Path file(Path directory, String name) {
    try {
      return FILE_NAME.matcher(name).matches() ? directory.resolve(name) : null;
    } catch (InvalidPathException e) {
      return null; // not a name that this file system knows, such as half a surrogate pair
    }
  }

  /** Returns the directory. */
  public Path directory() {
    return directory;
  }

  /** Returns all tensors of its files. */
  Collection<StoredTensor> tensors() {
    return tensors.values();
  }

  /** Returns the architecture. */
  public LlamaConfig config() {
    return config;
  }

  /** Returns what requests that leave options open get. */
  public GenerationDefaults generationDefaults() {
    return generationDefaults;
  }

  /** Returns the token embedding, {@code [vocab_size, hidden_size]}. */
  public StoredTensor embedding() {
    return tensor("model.embed_tokens.weight", config.vocabularySize(), config.hiddenSize());
  }

  /** Returns the output matrix of an untied checkpoint, {@code [vocab_size, hidden_size]}. */
  public StoredTensor head() {
    return tensor("lm_head.weight", config.vocabularySize(), config.hiddenSize());
  }

  /** Returns a layer's norm before attention, {@code [hidden_size]}. */
  public StoredTensor attentionNorm(int layer) {
    return tensor("model.layers." + layer + ".input_layernorm.weight", config.hiddenSize());
  }

  /** Returns a layer's norm before the MLP, {@code [hidden_size]}. */
  public StoredTensor mlpNorm(int layer) {
    return tensor(
        "model.layers." + layer + ".post_attention_layernorm.weight", config.hiddenSize());
  }

  /** Returns the last norm, {@code [hidden_size]}. */
  public StoredTensor finalNorm() {
    return tensor("model.norm.weight", config.hiddenSize());
  }

  /** Returns a projection's matrix, {@code [out, in]}. */
  public StoredTensor weight(int layer, Projection projection) {
    return tensor(
        projection.module(layer) + ".weight", projection.out(config), projection.in(config));
  }

  /** Returns a projection's bias, {@code [out]}, or {@code null} when it has none. */
  public @Nullable StoredTensor bias(int layer, Projection projection) {
    return projection.biased(config)
        ? tensor(projection.module(layer) + ".bias", projection.out(config))
        : null;
  }

  /**
   * Returns a tensor by its name, such as {@code model.norm.weight}.
   *
   * @throws AiCoderException when there is none
   */
  public StoredTensor tensor(String name) {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw problem(directory, "has no tensor " + name);
    }
    return tensor;
  }

  private StoredTensor tensor(String name, int... shape) {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw problem(
          directory,
          "tensor "
              + name
              + " is missing, though config.json asks for it: download the weights again");
    }
    return requireShape(tensor, shape);
  }

  static StoredTensor requireShape(StoredTensor tensor, int... shape) {
    List<Long> expected =
        java.util.Arrays.stream(shape).mapToObj(size -> (long) size).collect(Collectors.toList());
    if (!tensor.shape().equals(expected)) {
      throw problem(
          tensor.file(),
          "tensor %s has shape %s, the configuration says %s: they do not belong together"
              .formatted(tensor.name(), tensor.shape(), expected));
    }
    return tensor;
  }

  /**
   * Returns what identifies the checkpoint: see {@link Fingerprint}. Reads up to 64 MiB of each
   * file when it is first asked for.
   *
   * @throws AiCoderException when a file can no longer be read
   */
  public synchronized String fingerprint() {
    String known = fingerprint;
    if (known == null) {
      Fingerprint made = new Fingerprint().add(directory.resolve("config.json"));
      TreeSet<Path> files = new TreeSet<>();
      tensors.values().forEach(tensor -> files.add(tensor.file()));
      files.forEach(made::add);
      known = made.hex();
      fingerprint = known;
    }
    return known;
  }

  private static AiCoderException problem(Path path, String problem) {
    return new AiCoderException(ErrorCategory.CHECKPOINT, path + ": " + problem);
  }
}
