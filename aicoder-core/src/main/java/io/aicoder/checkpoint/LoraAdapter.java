package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A LoRA adapter directory as PEFT writes it: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}.
 *
 * <p>An adapted module computes {@code W x + scaling · B A x} with {@code scaling = lora_alpha /
 * r}, or {@code lora_alpha / √r} when {@code use_rslora} (LoRA: arXiv 2106.09685; rsLoRA: arXiv
 * 2312.03732). With magnitudes {@code m} it is DoRA (arXiv 2402.09353): each row of {@code W +
 * scaling · B A} is brought to the length that {@code m} says.
 *
 * <p>Modules go by their full names, such as {@code model.layers.0.mlp.up_proj}; see {@link
 * Projection#module(int)}. Immutable.
 */
public final class LoraAdapter {

  /** The name of the token embedding, {@code [vocab_size, hidden_size]}. */
  public static final String EMBEDDING = "model.embed_tokens";

  /** The name of the output matrix, {@code [vocab_size, hidden_size]}. */
  public static final String HEAD = "lm_head";

  private final Path directory;
  private final Contents contents;
  private final String fingerprint;

  LoraAdapter(Path directory, Contents contents) {
    this.directory = directory;
    this.contents = contents;
    this.fingerprint = fingerprint(directory);
  }

  /**
   * What an adapter holds, by the names of modules.
   *
   * @param factors of adapted modules
   * @param biases in place of the base's
   * @param tables the embedding or head in place of the base's
   * @param rows single rows of the embedding or head in place of the base's
   * @param tied whether a tied head is changed just as the embedding is
   */
  record Contents(
      Map<String, Factors> factors,
      Map<String, StoredTensor> biases,
      Map<String, StoredTensor> tables,
      Map<String, Rows> rows,
      boolean tied) {

    Contents {
      factors = Map.copyOf(factors);
      biases = Map.copyOf(biases);
      tables = Map.copyOf(tables);
      rows = Map.copyOf(rows);
    }
  }

  /**
   * The two factors of one adapted module.
   *
   * @param a the factor applied first, {@code [r, in]}; for the embedding {@code [r, vocab_size]}
   * @param b the factor applied second, {@code [out, r]}
   * @param scaling what B A x is multiplied by
   * @param bias a bias of B, {@code [out]}, scaled as B is, or {@code null}
   * @param magnitude DoRA's magnitudes, {@code [out]}, or {@code null}
   */
  public record Factors(
      StoredTensor a,
      StoredTensor b,
      double scaling,
      @Nullable StoredTensor bias,
      @Nullable StoredTensor magnitude) {}

  /**
   * Rows of the embedding or head for some tokens.
   *
   * @param ids the tokens
   * @param values their rows, {@code [ids, hidden_size]}
   */
  public record Rows(List<Integer> ids, StoredTensor values) {

    /** Copies the ids. */
    public Rows {
      ids = List.copyOf(ids);
    }
  }

  /**
   * Opens an adapter for a base model.
   *
   * @param directory the adapter's directory
   * @param base the model it is for
   * @throws AiCoderException when a file is absent or damaged, an option is not supported, the
   *     tensors are not those that the options ask for, or the adapter is for another base
   */
  public static LoraAdapter open(Path directory, Checkpoint base) {
    return LoraReader.read(directory, base);
  }

  /** Returns the directory. */
  public Path directory() {
    return directory;
  }

  /** Returns the factors of a module, or {@code null} when it is not adapted. */
  public @Nullable Factors factors(String module) {
    return contents.factors.get(module);
  }

  /** Returns a bias in place of the base's, or {@code null}. */
  public @Nullable StoredTensor bias(String module) {
    return contents.biases.get(module);
  }

  /** Returns an embedding or head in place of the base's, or {@code null}. */
  public @Nullable StoredTensor table(String module) {
    return contents.tables.get(module);
  }

  /** Returns rows in place of the base's embedding's or head's, or {@code null}. */
  public @Nullable Rows rows(String module) {
    return contents.rows.get(module);
  }

  /**
   * Returns its tensors by the names that they have in its file; those of a tied base that stand
   * for embedding and head once.
   */
  public Map<String, StoredTensor> tensors() {
    Map<String, StoredTensor> tensors = new TreeMap<>();
    for (Factors factors : contents.factors.values()) {
      Stream.of(factors.a, factors.b, factors.bias, factors.magnitude)
          .filter(Objects::nonNull)
          .forEach(tensor -> tensors.put(tensor.name(), tensor));
    }
    contents.biases.values().forEach(tensor -> tensors.put(tensor.name(), tensor));
    contents.tables.values().forEach(tensor -> tensors.put(tensor.name(), tensor));
    contents.rows.values().forEach(rows -> tensors.put(rows.values.name(), rows.values));
    return tensors;
  }

  /** Returns how many numbers its factors, biases, tables and rows are. */
  public long numbers() {
    long numbers = 0;
    for (Factors factors : contents.factors.values()) {
      numbers += factors.a.count() + factors.b.count();
    }
    for (StoredTensor bias : contents.biases.values()) {
      numbers += bias.count();
    }
    for (StoredTensor table : contents.tables.values()) {
      numbers += table.count();
    }
    for (Rows rows : contents.rows.values()) {
      numbers += rows.values.count();
    }
    return numbers;
  }

  /** Whether it says anything about a module. */
  public boolean changes(String module) {
    return contents.factors.containsKey(module)
        || contents.biases.containsKey(module)
        || contents.tables.containsKey(module)
        || contents.rows.containsKey(module);
  }

  /** Whether a head that is tied to the embedding is changed just as the embedding is. */
  public boolean tied() {
    return contents.tied;
  }

  /**
   * Returns the option by which the adapter is more than factors, so that it has no weighted sum
   * with others; {@code null} when there is none.
   */
  public @Nullable String beyondFactors() {
    if (!contents.tables.isEmpty()) {
      return "modules_to_save or a copy of another base";
    }
    if (!contents.rows.isEmpty()) {
      return "trainable_token_indices";
    }
    if (!contents.biases.isEmpty()) {
      return "bias";
    }
    for (Factors factors : contents.factors.values()) {
      if (factors.magnitude != null) {
        return "use_dora";
      }
      if (factors.bias != null) {
        return "lora_bias";
      }
    }
    return null;
  }

  /** Returns what identified the adapter when it was opened: a SHA-256 over its files. */
  public String fingerprint() {
    return fingerprint;
  }

  /**
   * Checks that the files are still those that were opened.
   *
   * @throws AiCoderException when they are not
   */
  void requireUnchanged() {
    if (!fingerprint(directory).equals(fingerprint)) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT, directory + ": changed since it was loaded: load it again");
    }
  }

  private static String fingerprint(Path directory) {
    return new Fingerprint()
        .add(directory.resolve(LoraReader.CONFIG))
        .add(directory.resolve(LoraReader.WEIGHTS))
        .hex();
  }
}
