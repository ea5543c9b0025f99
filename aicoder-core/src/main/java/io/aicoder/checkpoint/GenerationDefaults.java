package io.aicoder.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a checkpoint's {@code generation_config.json} says about requests that leave it open.
 * Settings that are not supported are named in the log.
 *
 * @param maxNewTokens {@code max_new_tokens}, or {@code null}
 * @param minNewTokens {@code min_new_tokens}; 0: none
 * @param temperature {@code temperature}, 0 or more; 0 when {@code do_sample} is false
 * @param topK {@code top_k}; 0: all
 * @param topP {@code top_p}
 * @param minP {@code min_p}; 0: all
 * @param typicalP {@code typical_p}
 * @param repetitionPenalty {@code repetition_penalty}
 * @param noRepeatNgramSize {@code no_repeat_ngram_size}; 0: any may repeat
 * @param beams {@code num_beams}; 1 when {@code do_sample} is true
 * @param lengthPenalty {@code length_penalty}
 * @param earlyStopping {@code early_stopping}: {@code true}, {@code false} or {@code never}
 * @param eosTokenIds {@code eos_token_id}, one or several
 */
public record GenerationDefaults(
    @Nullable Integer maxNewTokens,
    int minNewTokens,
    double temperature,
    int topK,
    double topP,
    double minP,
    double typicalP,
    double repetitionPenalty,
    int noRepeatNgramSize,
    int beams,
    double lengthPenalty,
    String earlyStopping,
    List<Integer> eosTokenIds) {

  private static final Logger LOGGER = LoggerFactory.getLogger(GenerationDefaults.class);

  /** Whatever transformers knows and this library does not, with the value that changes nothing. */
  private static final Map<String, Integer> NOT_SUPPORTED =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("bad_words_ids", -1),
              Map.entry("begin_suppress_tokens", -1),
              Map.entry("diversity_penalty", 0),
              Map.entry("encoder_no_repeat_ngram_size", 0),
              Map.entry("encoder_repetition_penalty", 1),
              Map.entry("epsilon_cutoff", 0),
              Map.entry("eta_cutoff", 0),
              Map.entry("exponential_decay_length_penalty", -1),
              Map.entry("forced_bos_token_id", -1),
              Map.entry("forced_eos_token_id", -1),
              Map.entry("guidance_scale", 1),
              Map.entry("max_time", -1),
              Map.entry("min_length", 0),
              Map.entry("num_beam_groups", 1),
              Map.entry("num_return_sequences", 1),
              Map.entry("penalty_alpha", 0),
              Map.entry("sequence_bias", -1),
              Map.entry("stop_strings", -1),
              Map.entry("suppress_tokens", -1),
              Map.entry("top_h", -1),
              Map.entry("watermarking_config", -1)));

  static GenerationDefaults read(Path file, LlamaConfig config) {
    if (!Files.exists(file)) {
      return new GenerationDefaults(
          null, 0, 0, 0, 1, 0, 1, 1, 0, 1, 1, "false", config.eosTokenIds());
    }
    JsonObject json = JsonObject.read(file);
    logUnsupported(json);
    boolean sample = json.flag("do_sample", false);
    List<Integer> eos = json.tokenIds("eos_token_id");
    return new GenerationDefaults(
        json.has("max_new_tokens") ? json.positive("max_new_tokens") : null,
        json.notNegative("min_new_tokens", 0),
        sample ? json.notNegativeNumber("temperature", 1.0) : 0,
        // Without sampling they have no effect, but for requests that ask for a temperature.
        json.notNegative("top_k", 0),
        atMostOne(json, "top_p", json.positiveNumber("top_p", 1.0)),
        atMostOne(json, "min_p", json.notNegativeNumber("min_p", 0.0)),
        atMostOne(json, "typical_p", json.positiveNumber("typical_p", 1.0)),
        json.positiveNumber("repetition_penalty", 1.0),
        json.notNegative("no_repeat_ngram_size", 0),
        beams(json, sample),
        lengthPenalty(json),
        earlyStopping(json),
        eos.isEmpty() ? config.eosTokenIds() : eos);
  }

  private static void logUnsupported(JsonObject json) {
    List<String> names =
        NOT_SUPPORTED.entrySet().stream()
            .filter(entry -> hasEffect(json.node().get(entry.getKey()), entry.getValue()))
            .map(Map.Entry::getKey)
            .toList();
    if (!names.isEmpty()) {
      LOGGER.warn("{}: not supported and without effect: {}", json.file(), names);
    }
  }

  private static boolean hasEffect(@Nullable JsonNode value, int neutral) {
    if (value == null || value.isNull() || (value.isContainerNode() && value.isEmpty())) {
      return false;
    }
    return !(value.isNumber() && value.doubleValue() == neutral);
  }

  private static double atMostOne(JsonObject json, String field, double value) {
    if (value > 1) {
      throw json.problem(field, "is " + value + ": it must be at most 1");
    }
    return value;
  }

  private static int beams(JsonObject json, boolean sample) {
    int beams = json.positive("num_beams", 1);
    if (beams > 1 && sample) {
      LOGGER.warn("{}: num_beams is without effect: do_sample rules", json.file());
      return 1;
    }
    return beams;
  }

  private static double lengthPenalty(JsonObject json) {
    JsonNode value = json.node().path("length_penalty");
    if (value.isMissingNode() || value.isNull()) {
      return 1;
    }
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw json.problem("length_penalty", "is " + value + ": it must be a number");
    }
    return value.doubleValue();
  }

  private static String earlyStopping(JsonObject json) {
    JsonNode value = json.node().path("early_stopping");
    if (value.isMissingNode() || value.isNull()) {
      return "false";
    }
    if (!value.isBoolean() && !value.asText().equals("never")) {
      throw json.problem("early_stopping", "is " + value + ": it must be true, false or \"never\"");
    }
    return value.asText();
  }
}
