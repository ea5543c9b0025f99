package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A LoRA adapter directory as PEFT writes it: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}.
 *
 * <p>An adapted projection computes {@code W x + scaling · B A x} with {@code scaling = lora_alpha
 * / r}, or {@code lora_alpha / √r} when {@code use_rslora} (LoRA: arXiv 2106.09685; rsLoRA: arXiv
 * 2312.03732). Immutable.
 */
public final class LoraAdapter {

  private static final Pattern TENSOR =
      Pattern.compile(
          "base_model\\.model\\.(model\\.layers\\.(\\d+)\\.(\\w+\\.\\w+))\\.lora_([AB])\\.weight");

  private final Path directory;
  private final List<Factors> factors;

  private LoraAdapter(Path directory, List<Factors> factors) {
    this.directory = directory;
    this.factors = factors;
  }

  /**
   * The two factors of one adapted projection.
   *
   * @param layer the layer, from 0
   * @param projection which of its matrices
   * @param a the factor applied first, {@code [r, in]}
   * @param b the factor applied second, {@code [out, r]}
   * @param scaling what B A x is multiplied by
   */
  public record Factors(
      int layer, Projection projection, StoredTensor a, StoredTensor b, double scaling) {}

  /**
   * Opens an adapter for a base model.
   *
   * @param directory the adapter's directory
   * @param base the architecture of the model it is for
   * @throws AiCoderException when a file is absent or damaged, an option is not supported, or the
   *     adapter is for another base
   */
  public static LoraAdapter open(Path directory, LlamaConfig base) {
    Checkpoint.requireDirectory(directory, "adapter");
    Path configFile = require(directory, "adapter_config.json");
    Path weights = require(directory, "adapter_model.safetensors");
    LoraConfig config = LoraConfig.read(configFile);
    Map<String, StoredTensor[]> pairs = new HashMap<>();
    List<String> modules = new ArrayList<>();
    for (StoredTensor tensor : SafeTensors.read(weights).values()) {
      Matcher name = match(tensor);
      StoredTensor[] pair =
          pairs.computeIfAbsent(
              name.group(1),
              module -> {
                modules.add(module);
                return new StoredTensor[2];
              });
      pair[name.group(4).equals("A") ? 0 : 1] = tensor;
    }
    if (modules.isEmpty()) {
      throw problem(weights, "holds no LoRA tensors");
    }
    List<Factors> factors = new ArrayList<>();
    for (String module : modules) {
      factors.add(factors(weights, module, pairs.get(module), config, base));
    }
    return new LoraAdapter(directory, List.copyOf(factors));
  }

  private static Path require(Path directory, String name) {
    Path file = directory.resolve(name);
    if (!Files.isRegularFile(file)) {
      ForeignWeights.refuse(directory);
      throw problem(directory, "has no " + name + ": is this a PEFT adapter directory?");
    }
    return file;
  }

  private static Matcher match(StoredTensor tensor) {
    Matcher name = TENSOR.matcher(tensor.name());
    if (!name.matches()) {
      throw problem(
          tensor.file(),
          "tensor "
              + tensor.name()
              + " is not a LoRA factor of a Llama layer, which is all that is supported");
    }
    return name;
  }

  private static Factors factors(
      Path weights,
      String module,
      StoredTensor @Nullable [] pair,
      LoraConfig config,
      LlamaConfig base) {
    if (pair == null || pair[0] == null || pair[1] == null) {
      throw problem(weights, "has only one of lora_A and lora_B for " + module);
    }
    Matcher name = match(pair[0]);
    int layer = layer(weights, name.group(2), base);
    Projection projection = projection(weights, name.group(3));
    int rank = config.rank(module);
    requireShape(pair[0], rank, projection.in(base));
    requireShape(pair[1], projection.out(base), rank);
    return new Factors(layer, projection, pair[0], pair[1], config.scaling(module));
  }

  private static int layer(Path weights, String digits, LlamaConfig base) {
    if (digits.length() > 6 || Integer.parseInt(digits) >= base.layers()) {
      throw problem(
          weights,
          "adapts layer %s, the model has %d: the adapter is for another base model"
              .formatted(digits, base.layers()));
    }
    return Integer.parseInt(digits);
  }

  private static Projection projection(Path weights, String module) {
    for (Projection projection : Projection.values()) {
      if (projection.module().equals(module)) {
        return projection;
      }
    }
    throw problem(weights, "adapts " + module + ", which no Llama layer has");
  }

  private static void requireShape(StoredTensor tensor, int rows, int columns) {
    if (!tensor.shape().equals(List.of((long) rows, (long) columns))) {
      throw problem(
          tensor.file(),
          "tensor %s has shape %s, r and the model's config.json say [%d, %d]: the adapter is for another base model"
              .formatted(tensor.name(), tensor.shape(), rows, columns));
    }
  }

  /** Returns the directory. */
  public Path directory() {
    return directory;
  }

  /** Returns the factors of every adapted projection. */
  public List<Factors> factors() {
    return factors;
  }

  /** Returns what identifies the adapter: a SHA-256 over its files. */
  public String fingerprint() {
    return new Fingerprint()
        .add(directory.resolve("adapter_config.json"))
        .add(directory.resolve("adapter_model.safetensors"))
        .hex();
  }

  private static AiCoderException problem(Path path, String problem) {
    return new AiCoderException(ErrorCategory.CHECKPOINT, path + ": " + problem);
  }
}
