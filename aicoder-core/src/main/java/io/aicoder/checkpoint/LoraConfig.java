package io.aicoder.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * PEFT's {@code adapter_config.json}, as far as applying an adapter needs it.
 *
 * @param r {@code r}, the rank of modules without a pattern
 * @param alpha {@code lora_alpha} of modules without a pattern
 * @param rankStabilized {@code use_rslora}
 * @param rankPattern {@code rank_pattern}: module name expression to rank
 * @param alphaPattern {@code alpha_pattern}: module name expression to alpha
 */
record LoraConfig(
    int r,
    double alpha,
    boolean rankStabilized,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern) {

  /** Options that matter to training alone, or that the tensors' own names and shapes repeat. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "auto_mapping",
          "base_model_name_or_path",
          "exclude_modules",
          "inference_mode",
          "layers_pattern",
          "layers_to_transform",
          "lora_dropout",
          "megatron_core",
          "peft_version",
          "qalora_group_size",
          "revision",
          "runtime_config",
          "target_modules",
          "task_type",
          "eva_config",
          "loftq_config");

  /** Options that are honoured, and checked one by one. */
  private static final Set<String> HONOURED =
      Set.of(
          "alpha_pattern",
          "bias",
          "init_lora_weights",
          "lora_alpha",
          "peft_type",
          "r",
          "rank_pattern",
          "use_rslora");

  /** Initialisations that leave the base weights as they are. */
  private static final Set<String> HARMLESS_INITIALISATIONS =
      Set.of("true", "false", "gaussian", "orthogonal", "eva");

  static LoraConfig read(Path file) {
    JsonObject json = JsonObject.read(file);
    String type = json.text("peft_type", "absent");
    if (!type.equals("LORA")) {
      throw json.problem("peft_type", "'" + type + "' is not supported (supported: LORA)");
    }
    String bias = json.text("bias", "none");
    if (!bias.equals("none")) {
      throw json.problem("bias", "'" + bias + "' is not supported (supported: none)");
    }
    JsonNode initialisation = json.node().path("init_lora_weights");
    if (!initialisation.isMissingNode()
        && !HARMLESS_INITIALISATIONS.contains(initialisation.asText())) {
      throw json.problem(
          "init_lora_weights",
          initialisation
              + " changes the base weights and is not supported: convert the adapter with PEFT");
    }
    json.node().properties().forEach(option -> checkOther(json, option));
    return new LoraConfig(
        json.positive("r"),
        json.positiveNumber("lora_alpha", null),
        json.flag("use_rslora", false),
        pattern(json, "rank_pattern", (patterns, key) -> patterns.positive(key)),
        pattern(json, "alpha_pattern", (patterns, key) -> patterns.positiveNumber(key, null)));
  }

  private static void checkOther(JsonObject json, Map.Entry<String, JsonNode> option) {
    String name = option.getKey();
    JsonNode value = option.getValue();
    boolean off =
        value.isNull()
            || (value.isBoolean() && !value.booleanValue())
            || (value.isContainerNode() && value.isEmpty());
    if (!off && !WITHOUT_EFFECT.contains(name) && !HONOURED.contains(name)) {
      throw json.problem(name, value + " is not supported: merge the adapter with PEFT instead");
    }
  }

  private static <T> Map<String, T> pattern(
      JsonObject json, String field, BiFunction<JsonObject, String, T> value) {
    JsonObject patterns = json.optObject(field);
    // PEFT takes the first expression that matches, in the order of the file.
    Map<String, T> result = new LinkedHashMap<>();
    if (patterns != null) {
      for (String key : patterns.node().properties().stream().map(Map.Entry::getKey).toList()) {
        try {
          expression(key).matches("model.layers.0.self_attn.q_proj");
        } catch (ModulePattern.RefusedException e) {
          throw json.problem(field, "holds '" + key + "', which " + e.getMessage());
        }
        result.put(key, value.apply(patterns, key));
      }
    }
    return result;
  }

  /** Returns the rank of a module. */
  int rank(String module) {
    Integer rank = find(rankPattern, module);
    return rank == null ? r : rank;
  }

  /** Returns what the product of the factors is multiplied by. */
  double scaling(String module) {
    Double special = find(alphaPattern, module);
    double numerator = special == null ? alpha : special;
    int rank = rank(module);
    return numerator / (rankStabilized ? Math.sqrt(rank) : rank);
  }

  /** PEFT's rule: the expression matches the module's name from a dot to its end. */
  private static ModulePattern expression(String key) throws ModulePattern.RefusedException {
    return ModulePattern.of("(.*\\.)?(" + key + ")");
  }

  private static <T> @Nullable T find(Map<String, T> patterns, String module) {
    for (Map.Entry<String, T> entry : patterns.entrySet()) {
      try {
        if (expression(entry.getKey()).matches(module)) {
          return entry.getValue();
        }
      } catch (ModulePattern.RefusedException e) {
        throw new AiCoderException(
            ErrorCategory.CHECKPOINT,
            "adapter_config.json: the expression '%s' %s".formatted(entry.getKey(), e.getMessage()),
            e);
      }
    }
    return null;
  }
}
