package io.aicoder.finetune.peft;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The text of an {@code adapter_config.json}, as PEFT 0.21 writes it: every field, sorted, with
 * {@code json.dumps(…, indent=2, sort_keys=True)}.
 */
final class AdapterConfig {

  /** The version whose fields these are. */
  static final String PEFT_VERSION = "0.21.0";

  /** Fields of methods that are not trained here, as PEFT leaves them when nobody sets them. */
  private static final List<String> UNSET =
      List.of(
          "alora_invocation_tokens",
          "arrow_config",
          "auto_mapping",
          "corda_config",
          "eva_config",
          "exclude_modules",
          "kasa_config",
          "layer_replication",
          "layers_pattern",
          "lora_ga_config",
          "megatron_config",
          "monteclora_config",
          "revision",
          "target_parameters",
          "trainable_token_indices",
          "use_bdlora",
          "velora_config");

  private static final ObjectWriter WRITER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build().writer(printer());

  private AdapterConfig() {}

  private static DefaultPrettyPrinter printer() {
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    Separators separators =
        Separators.createDefaultInstance()
            .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
            .withObjectEmptySeparator("")
            .withArrayEmptySeparator("");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter(separators);
    printer.indentArraysWith(lines);
    printer.indentObjectsWith(lines);
    return printer;
  }

  /** Returns the text for these options. */
  static String json(LoraOptions options) {
    Map<String, JsonNode> fields = new TreeMap<>();
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    UNSET.forEach(name -> fields.put(name, nodes.nullNode()));
    String baseModel = options.baseModel();
    fields.put(
        "base_model_name_or_path",
        baseModel == null ? nodes.nullNode() : nodes.textNode(baseModel));
    fields.put("alpha_pattern", numbers(options.alphaPattern()));
    fields.put("bias", nodes.textNode(options.bias().name().toLowerCase(Locale.ROOT)));
    fields.put("ensure_weight_tying", nodes.booleanNode(options.ensureWeightTying()));
    fields.put("fan_in_fan_out", nodes.booleanNode(false));
    fields.put("inference_mode", nodes.booleanNode(true));
    fields.put("init_lora_weights", nodes.booleanNode(true));
    fields.put("layers_to_transform", listOrNull(options.layersToTransform()));
    fields.put("loftq_config", nodes.objectNode());
    fields.put("lora_alpha", number(options.alpha()));
    fields.put("lora_bias", nodes.booleanNode(options.loraBias()));
    fields.put("lora_dropout", nodes.numberNode(options.dropout()));
    fields.put("megatron_core", nodes.textNode("megatron.core"));
    fields.put("modules_to_save", listOrNull(options.modulesToSave()));
    fields.put("peft_type", nodes.textNode("LORA"));
    fields.put("peft_version", nodes.textNode(PEFT_VERSION));
    fields.put("qalora_group_size", nodes.numberNode(16));
    fields.put("r", nodes.numberNode(options.rank()));
    fields.put("rank_pattern", numbers(options.rankPattern()));
    fields.put("target_modules", list(options.targetModules()));
    fields.put("task_type", nodes.textNode("CAUSAL_LM"));
    fields.put("use_dora", nodes.booleanNode(options.useDora()));
    fields.put("use_qalora", nodes.booleanNode(false));
    fields.put("use_rslora", nodes.booleanNode(options.useRslora()));
    ObjectNode json = nodes.objectNode();
    json.setAll(fields);
    try {
      return WRITER.writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of texts and numbers has a JSON form", e);
    }
  }

  /** Python writes 32, not 32.0, where somebody asked for 32. */
  private static JsonNode number(double value) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return value == Math.rint(value) && value < 1L << 53
        ? nodes.numberNode((long) value)
        : nodes.numberNode(value);
  }

  private static ObjectNode numbers(Map<String, ? extends Number> values) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    values.forEach((key, value) -> json.set(key, number(value.doubleValue())));
    return json;
  }

  private static JsonNode listOrNull(List<?> values) {
    return values.isEmpty() ? JsonNodeFactory.instance.nullNode() : list(values);
  }

  private static ArrayNode list(List<?> values) {
    ArrayNode json = JsonNodeFactory.instance.arrayNode();
    for (Object value : values) {
      if (value instanceof Integer number) {
        json.add(number);
      } else {
        json.add(Objects.toString(value));
      }
    }
    return json;
  }
}
