package io.aicoder.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * PEFT's {@code adapter_config.json}, as far as applying an adapter needs it.
 *
 * @param file the file, for errors
 * @param r {@code r}, the rank of modules without a pattern
 * @param alpha {@code lora_alpha} of modules without a pattern
 * @param rankStabilized {@code use_rslora}
 * @param rankPattern {@code rank_pattern}: module name expression to rank
 * @param alphaPattern {@code alpha_pattern}: module name expression to alpha
 * @param targets which modules have factors
 * @param bias {@code bias}: whose biases take the place of the base's
 * @param loraBias {@code lora_bias}: whether B has biases
 * @param dora {@code use_dora}: whether there are magnitudes
 * @param saved {@code modules_to_save} by full names
 * @param tied {@code ensure_weight_tying}: whether a tied head is adapted as the embedding is
 * @param trainableTokens {@code trainable_token_indices} by module
 */
record LoraConfig(
    Path file,
    int r,
    double alpha,
    boolean rankStabilized,
    Map<PythonPattern, Integer> rankPattern,
    Map<PythonPattern, Double> alphaPattern,
    LoraTargets targets,
    Bias bias,
    boolean loraBias,
    boolean dora,
    Set<String> saved,
    boolean tied,
    Map<String, List<Integer>> trainableTokens) {

  /** Whose biases an adapter holds. */
  enum Bias {
    /** Nobody's. */
    NONE,
    /** Those of all modules. */
    ALL,
    /** Those of the adapted modules. */
    LORA_ONLY
  }

  /** Options that matter to training alone, or to no model that we run. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "auto_mapping",
          "base_model_name_or_path",
          "eva_config",
          // PEFT sets it to false, with a warning, for the linear layers of these models.
          "fan_in_fan_out",
          "inference_mode",
          "loftq_config",
          "lora_dropout",
          "megatron_core",
          "peft_version",
          "qalora_group_size",
          "revision",
          "runtime_config",
          "task_type");

  /** Options that are honoured, and checked one by one. */
  private static final Set<String> HONOURED =
      Set.of(
          "alpha_pattern",
          "bias",
          "ensure_weight_tying",
          "exclude_modules",
          "init_lora_weights",
          "layers_pattern",
          "layers_to_transform",
          "lora_alpha",
          "lora_bias",
          "modules_to_save",
          "peft_type",
          "r",
          "rank_pattern",
          "target_modules",
          "trainable_token_indices",
          "use_dora",
          "use_rslora");

  /** Initialisations that leave the base weights as they are. */
  private static final Set<String> HARMLESS_INITIALISATIONS =
      Set.of("true", "false", "gaussian", "orthogonal", "eva", "mica");

  static LoraConfig read(JsonObject json) {
    String type = json.text("peft_type", "absent");
    if (!type.equals("LORA")) {
      throw json.problem("peft_type", "'" + type + "' is not supported (supported: LORA)");
    }
    JsonNode initialisation = json.node().path("init_lora_weights");
    if (!initialisation.isMissingNode()
        && !initialisation.isNull()
        && !HARMLESS_INITIALISATIONS.contains(initialisation.asText())) {
      throw json.problem(
          "init_lora_weights",
          initialisation
              + " changes the base weights and is not supported: convert the adapter with PEFT");
    }
    json.node().properties().forEach(option -> checkOther(json, option));
    boolean loraBias = json.flag("lora_bias", false);
    boolean dora = json.flag("use_dora", false);
    if (loraBias && dora) {
      throw json.problem("lora_bias", "is set beside use_dora, which PEFT does not allow");
    }
    return new LoraConfig(
        json.file(),
        json.positive("r"),
        json.positiveNumber("lora_alpha", null),
        json.flag("use_rslora", false),
        pattern(json, "rank_pattern", (patterns, key) -> patterns.positive(key)),
        pattern(json, "alpha_pattern", (patterns, key) -> patterns.positiveNumber(key, null)),
        LoraTargets.read(json),
        bias(json),
        loraBias,
        dora,
        saved(json),
        json.flag("ensure_weight_tying", false),
        trainableTokens(json));
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

  private static Bias bias(JsonObject json) {
    String bias = json.text("bias", "none");
    return switch (bias) {
      case "none" -> Bias.NONE;
      case "all" -> Bias.ALL;
      case "lora_only" -> Bias.LORA_ONLY;
      default ->
          throw json.problem(
              "bias", "'" + bias + "' is not supported (supported: none, all, lora_only)");
    };
  }

  /** Returns the full names of the modules that are saved whole. */
  private static Set<String> saved(JsonObject json) {
    Set<String> saved = new LinkedHashSet<>();
    for (String name : json.texts("modules_to_save")) {
      saved.add(table(json, "modules_to_save", name));
    }
    return saved;
  }

  private static Map<String, List<Integer>> trainableTokens(JsonObject json) {
    String field = "trainable_token_indices";
    Map<String, List<Integer>> tokens = new LinkedHashMap<>();
    JsonNode value = json.node().path(field);
    if (value.isArray() && !value.isEmpty()) {
      tokens.put(LoraModule.EMBEDDING, json.tokenIds(field));
    } else if (value.isObject()) {
      JsonObject lists = new JsonObject(json.file(), json.at() + field + ".", value);
      for (Map.Entry<String, JsonNode> entry : value.properties()) {
        tokens.put(table(json, field, entry.getKey()), lists.tokenIds(entry.getKey()));
      }
    } else if (json.has(field) && !value.isArray()) {
      throw json.problem(field, "is " + value + ": it must hold token ids");
    }
    return tokens;
  }

  /** Returns the full name of the embedding or the head, which alone can be other than adapted. */
  private static String table(JsonObject json, String field, String name) {
    for (String table : List.of(LoraModule.EMBEDDING, LoraModule.HEAD)) {
      if (table.equals(name) || table.endsWith("." + name)) {
        return table;
      }
    }
    throw json.problem(
        field, "names '" + name + "', which is not supported (supported: embed_tokens, lm_head)");
  }

  private static <T> Map<PythonPattern, T> pattern(
      JsonObject json, String field, BiFunction<JsonObject, String, T> value) {
    JsonObject patterns = json.optObject(field);
    // PEFT takes the first expression that matches, in the order of the file.
    Map<PythonPattern, T> result = new LinkedHashMap<>();
    if (patterns != null) {
      for (String key : patterns.node().properties().stream().map(Map.Entry::getKey).toList()) {
        result.put(
            PythonPattern.compile(json, field, "(?:.*\\.)?(?:", key, ")"),
            value.apply(patterns, key));
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

  private static <T> @Nullable T find(Map<PythonPattern, T> patterns, String module) {
    for (Map.Entry<PythonPattern, T> entry : patterns.entrySet()) {
      if (entry.getKey().matches(module)) {
        return entry.getValue();
      }
    }
    return null;
  }
}
