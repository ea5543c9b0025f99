package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What an adapter's configuration makes of a base: which modules have factors, how they are scaled,
 * and which tensors belong into the adapter's file.
 *
 * <p>Immutable.
 */
public final class LoraLayout {

  private final List<LoraModule> modules;
  private final Set<String> adapted;
  private final Set<String> saved;
  private final LoraConfig config;

  private LoraLayout(LoraConfig config, LlamaConfig base) {
    this.config = config;
    boolean tied = base.tiedEmbeddings() && config.tied();
    modules = LoraModule.of(base);
    saved = withTied(tied, config.saved());
    Set<String> targets = new LinkedHashSet<>();
    for (LoraModule module : modules) {
      if (!saved.contains(module.name())
          && config.targets().includes(module.name(), module.head(), !module.embedding())) {
        targets.add(module.name());
      }
    }
    adapted = withTied(tied, targets);
  }

  /** Adds the tied of embedding and head where the configuration says so. */
  private static Set<String> withTied(boolean tied, Set<String> modules) {
    boolean table = modules.contains(LoraModule.EMBEDDING) || modules.contains(LoraModule.HEAD);
    if (!(tied && table)) {
      return modules;
    }
    Set<String> both = new HashSet<>(modules);
    both.addAll(List.of(LoraModule.EMBEDDING, LoraModule.HEAD));
    return both;
  }

  /**
   * An adapted module.
   *
   * @param name its full name, such as {@code model.layers.0.mlp.up_proj}
   * @param in how many numbers go in; the vocabulary for the embedding
   * @param out how many come out
   * @param rank the rank of its factors
   * @param scaling what B A x is multiplied by
   */
  public record Adapted(String name, int in, int out, int rank, double scaling) {}

  /**
   * Lays a configuration out.
   *
   * @param json the text of an {@code adapter_config.json}
   * @param base the configuration of the model that it is for
   * @throws AiCoderException when an option is not supported
   */
  public static LoraLayout of(String json, LlamaConfig base) {
    return of(LoraConfig.read(JsonObject.of(Path.of(LoraReader.CONFIG), json)), base);
  }

  static LoraLayout of(LoraConfig config, LlamaConfig base) {
    return new LoraLayout(config, base);
  }

  /** Returns the adapted modules, in the order of the model. */
  public List<Adapted> adapted() {
    List<Adapted> result = new ArrayList<>();
    for (LoraModule module : modules) {
      if (adapted.contains(module.name())) {
        String name = module.name();
        result.add(
            new Adapted(name, module.in(), module.out(), config.rank(name), config.scaling(name)));
      }
    }
    return List.copyOf(result);
  }

  /** Returns the full names of the modules that are trained whole, not by factors. */
  public Set<String> saved() {
    return Set.copyOf(saved);
  }

  /**
   * Returns the shapes of the tensors that the adapter's file must hold, by their names there, in
   * the order of the names.
   */
  public Map<String, List<Long>> tensors() {
    Map<String, List<Long>> tensors = new TreeMap<>();
    for (LoraModule module : modules) {
      boolean factors = adapted.contains(module.name());
      if (factors) {
        addFactors(module, tensors);
      }
      if (asksForBias(module)) {
        tensors.put(
            factors ? module.ownBeside("bias") : module.own("bias"), List.of((long) module.out()));
      }
      if (saved.contains(module.name())) {
        // The embedding's matrix stands the other way round: its rows are what goes in.
        List<Long> shape =
            module.embedding()
                ? List.of((long) module.in(), (long) module.out())
                : List.of((long) module.out(), (long) module.in());
        tensors.put(module.own("weight"), shape);
      }
    }
    return tensors;
  }

  private void addFactors(LoraModule module, Map<String, List<Long>> tensors) {
    long rank = config.rank(module.name());
    tensors.put(module.a(), List.of(rank, (long) module.in()));
    tensors.put(module.b(), List.of((long) module.out(), rank));
    if (config.loraBias()) {
      tensors.put(module.loraBias(), List.of((long) module.out()));
    }
    if (config.dora()) {
      tensors.put(module.magnitude(), List.of((long) module.out()));
    }
  }

  /** Whether a bias takes the place of the base's. */
  boolean asksForBias(LoraModule module) {
    return module.biased()
        && (config.bias() == LoraConfig.Bias.ALL
            || (config.bias() == LoraConfig.Bias.LORA_ONLY && adapted.contains(module.name())));
  }

  List<LoraModule> modules() {
    return modules;
  }

  boolean adapts(String module) {
    return adapted.contains(module);
  }

  boolean saves(String module) {
    return saved.contains(module);
  }
}
