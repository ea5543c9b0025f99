package io.aicoder.finetune.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.checkpoint.LoraLayout;
import io.aicoder.checkpoint.StoredTensor;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * An adapter that PEFT or AICoder wrote, read to continue training from it.
 *
 * <p>Immutable.
 *
 * @param options its options
 * @param tensors its numbers, widened to fp32 where the file has fewer bits, in the order of the
 *     names
 */
public record SavedAdapter(LoraOptions options, List<NamedTensor> tensors) {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Copies the list. */
  public SavedAdapter {
    tensors = List.copyOf(tensors);
  }

  /**
   * Reads an adapter whole.
   *
   * <p>Where its configuration chooses modules by an expression, leaves some out, or names none,
   * the options list those that it adapts, by their full names: they are the same.
   *
   * @param directory holds {@code adapter_config.json} and {@code adapter_model.safetensors}
   * @param base the model that it is for
   * @throws AiCoderException (CHECKPOINT) when a file is absent or damaged, an option cannot be
   *     trained here, or the adapter is for another base: the message names what does not fit
   */
  public static SavedAdapter open(Path directory, Checkpoint base) {
    Map<String, StoredTensor> stored = LoraAdapter.open(directory, base).tensors();
    Path file = directory.resolve(AdapterFiles.CONFIG);
    String json = text(file);
    LoraLayout written = LoraLayout.of(json, base.config());
    LoraOptions options = options(file, json, written);
    LoraLayout layout = new AdapterFiles(options, base.config()).layout();
    if (!layout.adapted().equals(written.adapted())) {
      throw problem(
          file, "rank_pattern or alpha_pattern means something else when sorted: sort its keys");
    }
    Map<String, List<Long>> shapes = layout.tensors();
    for (String name : stored.keySet()) {
      if (!shapes.containsKey(name)) {
        throw problem(directory, "holds " + name + ", which cannot be trained on: merge it first");
      }
    }
    List<NamedTensor> tensors = new ArrayList<>();
    shapes.forEach(
        (name, shape) -> {
          StoredTensor tensor = stored.get(name);
          if (tensor == null) {
            throw problem(directory, "lacks " + name + ": save it again with a newer PEFT");
          }
          tensors.add(NamedTensor.of(name, shape, tensor.values()));
        });
    return new SavedAdapter(options, tensors);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT, file + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  private static AiCoderException problem(Path path, String problem) {
    return new AiCoderException(ErrorCategory.CHECKPOINT, path + ": " + problem);
  }

  /** The fields were checked when the adapter was opened. */
  private static LoraOptions options(Path file, String json, LoraLayout layout) {
    JsonNode config = node(file, json);
    LoraOptions.Builder builder =
        LoraOptions.builder()
            .optRank(config.path("r").intValue())
            .optAlpha(config.path("lora_alpha").doubleValue())
            .optDropout(config.path("lora_dropout").asDouble(0))
            .optUseRslora(config.path("use_rslora").asBoolean(false))
            .optUseDora(config.path("use_dora").asBoolean(false))
            .optBias(bias(config))
            .optLoraBias(config.path("lora_bias").asBoolean(false))
            .optModulesToSave(texts(config.path("modules_to_save")))
            .optEnsureWeightTying(config.path("ensure_weight_tying").asBoolean(false))
            .optRankPattern(numbers(config.path("rank_pattern"), JsonNode::intValue))
            .optAlphaPattern(numbers(config.path("alpha_pattern"), JsonNode::doubleValue))
            .optBaseModel(config.path("base_model_name_or_path").textValue());
    if (plain(config)) {
      builder
          .optTargetModules(texts(config.path("target_modules")))
          .optLayersToTransform(layers(config.path("layers_to_transform")));
    } else {
      builder.optTargetModules(layout.adapted().stream().map(LoraLayout.Adapted::name).toList());
    }
    return builder.build();
  }

  private static JsonNode node(Path file, String json) {
    try {
      return MAPPER.readTree(json);
    } catch (IOException e) {
      throw new AiCoderException(ErrorCategory.CHECKPOINT, file + ": not valid JSON", e);
    }
  }

  /** Whether the modules are chosen as options choose them: by a list, and layers by numbers. */
  private static boolean plain(JsonNode config) {
    return config.path("target_modules").isArray()
        && config.path("exclude_modules").isEmpty()
        && !config.path("exclude_modules").isTextual()
        && config.path("layers_pattern").isEmpty()
        && !config.path("layers_pattern").isTextual();
  }

  private static LoraOptions.Bias bias(JsonNode config) {
    return LoraOptions.Bias.valueOf(config.path("bias").asText("none").toUpperCase(Locale.ROOT));
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    if (list.isTextual()) {
      texts.add(list.textValue());
    }
    list.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  private static List<Integer> layers(JsonNode list) {
    List<Integer> layers = new ArrayList<>();
    if (list.isNumber()) {
      layers.add(list.intValue());
    }
    list.forEach(layer -> layers.add(layer.intValue()));
    return layers;
  }

  private static <T> Map<String, T> numbers(JsonNode object, Function<JsonNode, T> value) {
    Map<String, T> numbers = new LinkedHashMap<>();
    object
        .properties()
        .forEach(entry -> numbers.put(entry.getKey(), value.apply(entry.getValue())));
    return numbers;
  }
}
