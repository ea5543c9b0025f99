package io.aicoder.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import org.jspecify.annotations.Nullable;

/**
 * Which modules an adapter's configuration says are adapted: {@code target_modules}, {@code
 * exclude_modules}, {@code layers_to_transform}, {@code layers_pattern}, by PEFT's own rules.
 */
final class LoraTargets {

  /** What PEFT adapts in Llama, Mistral and Qwen2 when the configuration names nothing. */
  private static final List<String> BY_DEFAULT = List.of("q_proj", "v_proj");

  private static final String ALL_LINEAR = "all-linear";

  /** What PEFT puts around the name of the list of layers to find a layer's number. */
  private static final String BEFORE_LAYERS = "(?:^|.*?\\.)";

  private static final String BEHIND_LAYERS = "\\.(\\d+)\\..*";
  private final @Nullable PythonPattern targetPattern;
  private final List<String> targets;
  private final boolean allLinear;
  private final @Nullable PythonPattern excludePattern;
  private final List<String> excluded;
  private final List<Integer> layers;
  private final List<PythonPattern> layersPatterns;

  private LoraTargets(JsonObject json) {
    String target = expression(json, "target_modules");
    allLinear = target != null && target.toLowerCase(Locale.ROOT).equals(ALL_LINEAR);
    targetPattern =
        target == null || allLinear ? null : PythonPattern.compile(json, "target_modules", target);
    targets = json.has("target_modules") ? json.texts("target_modules") : BY_DEFAULT;
    String exclude = expression(json, "exclude_modules");
    excludePattern =
        exclude == null ? null : PythonPattern.compile(json, "exclude_modules", exclude);
    excluded = exclude == null ? json.texts("exclude_modules") : List.of();
    layers = layers(json);
    layersPatterns = new ArrayList<>();
    List<String> names = json.texts("layers_pattern");
    for (String name : names.isEmpty() ? List.of("[^.]*") : names) {
      layersPatterns.add(
          PythonPattern.compile(json, "layers_pattern", BEFORE_LAYERS, name, BEHIND_LAYERS));
    }
  }

  private static List<Integer> layers(JsonObject json) {
    JsonNode value = json.node().path("layers_to_transform");
    List<Integer> layers = new ArrayList<>();
    for (JsonNode layer : value.isArray() ? value : List.of(value)) {
      if (layer.isIntegralNumber()) {
        layers.add(layer.intValue());
      } else if (!layer.isMissingNode() && !layer.isNull()) {
        throw json.problem("layers_to_transform", "holds " + layer + ": it must hold layers");
      }
    }
    return List.copyOf(layers);
  }

  static LoraTargets read(JsonObject json) {
    LoraTargets targets = new LoraTargets(json);
    boolean single = json.node().path("target_modules").isTextual();
    for (String field : List.of("layers_to_transform", "layers_pattern")) {
      if (single && json.has(field)) {
        throw json.problem(
            field, "is set, but PEFT takes it only where target_modules is a list: list them");
      }
    }
    if (!json.texts("layers_pattern").isEmpty() && targets.layers.isEmpty()) {
      throw json.problem("layers_pattern", "is set without layers_to_transform: name the layers");
    }
    return targets;
  }

  /** Returns the text of a field that holds one, {@code null} when it holds a list or nothing. */
  private static @Nullable String expression(JsonObject json, String field) {
    JsonNode value = json.node().path(field);
    return value.isTextual() && !value.textValue().isEmpty() ? value.textValue() : null;
  }

  /**
   * Whether a module is adapted.
   *
   * @param module its full name, such as {@code model.layers.0.mlp.up_proj}
   * @param head whether it is the output matrix, which {@code all-linear} leaves out
   * @param linear whether it is a matrix, not the embedding
   */
  boolean includes(String module, boolean head, boolean linear) {
    if (excludePattern != null ? excludePattern.matches(module) : named(excluded, module)) {
      return false;
    }
    if (allLinear) {
      return linear && !head;
    }
    if (targetPattern != null) {
      return targetPattern.matches(module);
    }
    return targets.contains(module) || (named(targets, module) && inLayers(module));
  }

  /** PEFT's rule for lists: a full name, or the end of one from a dot on. */
  private static boolean named(List<String> names, String module) {
    return names.stream().anyMatch(name -> module.equals(name) || module.endsWith("." + name));
  }

  private boolean inLayers(String module) {
    if (layers.isEmpty()) {
      return true;
    }
    for (PythonPattern pattern : layersPatterns) {
      MatchResult layer = pattern.match(module);
      if (layer != null) {
        // The suffix is ours, so that its group is the last one, whatever the name holds.
        return layers.stream()
            .map(String::valueOf)
            .anyMatch(layer.group(layer.groupCount())::equals);
      }
    }
    return false;
  }
}
