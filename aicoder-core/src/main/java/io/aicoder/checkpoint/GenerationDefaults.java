package io.aicoder.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint's {@code generation_config.json} says about requests that leave it open.
 *
 * @param maxNewTokens {@code max_new_tokens}, or {@code null}
 * @param temperature {@code temperature}, 0 or more; 0 when {@code do_sample} is false
 * @param topK {@code top_k}; 0: all
 * @param topP {@code top_p}
 * @param repetitionPenalty {@code repetition_penalty}
 * @param eosTokenIds {@code eos_token_id}, one or several
 */
public record GenerationDefaults(
    @Nullable Integer maxNewTokens,
    double temperature,
    int topK,
    double topP,
    double repetitionPenalty,
    List<Integer> eosTokenIds) {

  static GenerationDefaults read(Path file, LlamaConfig config) {
    if (!Files.exists(file)) {
      return new GenerationDefaults(null, 0, 0, 1, 1, config.eosTokenIds());
    }
    JsonObject json = JsonObject.read(file);
    boolean sample = json.flag("do_sample", false);
    List<Integer> eos = json.tokenIds("eos_token_id");
    double topP = json.positiveNumber("top_p", 1.0);
    if (topP > 1) {
      throw json.problem("top_p", "is " + topP + ": it must be at most 1");
    }
    return new GenerationDefaults(
        json.has("max_new_tokens") ? json.positive("max_new_tokens") : null,
        sample ? json.notNegativeNumber("temperature", 1.0) : 0,
        // Without sampling they have no effect, but for requests that ask for a temperature.
        json.notNegative("top_k", 0),
        topP,
        json.positiveNumber("repetition_penalty", 1.0),
        eos.isEmpty() ? config.eosTokenIds() : eos);
  }
}
