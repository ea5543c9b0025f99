package io.aicoder.eval.agent;

import org.jspecify.annotations.Nullable;

/**
 * How an agent asks the model.
 *
 * @param programTokens the most new tokens of a first program, at least 1
 * @param suggestionTokens the most new tokens of a repair suggestion, at least 1
 * @param repairTokens the most new tokens of a repaired program, at least 1
 * @param temperature 0 for greedy decoding, else the softmax temperature, at most 100
 * @param topK sample among the k likeliest tokens; {@code null}: the checkpoint's own
 * @param topP sample among the likeliest tokens whose probabilities reach p, in (0, 1]; {@code
 *     null}: the checkpoint's own
 * @param adapter the name of a loaded LoRA adapter; {@code null}: the model's default
 */
public record GenerationOptions(
    int programTokens,
    int suggestionTokens,
    int repairTokens,
    double temperature,
    @Nullable Integer topK,
    @Nullable Double topP,
    @Nullable String adapter) {

  /** Greedy decoding with the token limits of the nano model's reference measurement. */
  public static final GenerationOptions GREEDY =
      new GenerationOptions(256, 48, 320, 0, null, null, null);

  /** The sampling of the AICoderEval paper: temperature 0.6, top-p 0.9, 2,048 new tokens. */
  public static final GenerationOptions PAPER =
      new GenerationOptions(2048, 256, 2048, 0.6, null, 0.9, null);

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException when an option is out of its range
   */
  public GenerationOptions {
    if (programTokens < 1 || suggestionTokens < 1 || repairTokens < 1) {
      throw new IllegalArgumentException(
          "programTokens, suggestionTokens and repairTokens must be 1 or more");
    }
    if (!(temperature >= 0 && temperature <= 100)) {
      throw new IllegalArgumentException(
          "temperature is " + temperature + ": it must be between 0 (greedy) and 100");
    }
    if (topK != null && topK < 0) {
      throw new IllegalArgumentException("topK is " + topK + ": it must be 0 (all) or more");
    }
    if (topP != null && !(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP is " + topP + ": it must be above 0, at most 1");
    }
  }

  /** Returns these options with other token limits. */
  public GenerationOptions withTokens(int program, int suggestion, int repair) {
    return new GenerationOptions(program, suggestion, repair, temperature, topK, topP, adapter);
  }

  /** Returns these options with another temperature; 0 is greedy decoding. */
  public GenerationOptions withTemperature(double value) {
    return new GenerationOptions(
        programTokens, suggestionTokens, repairTokens, value, topK, topP, adapter);
  }

  /** Returns these options with another top-p. */
  public GenerationOptions withTopP(@Nullable Double value) {
    return new GenerationOptions(
        programTokens, suggestionTokens, repairTokens, temperature, topK, value, adapter);
  }

  /** Returns these options with another adapter. */
  public GenerationOptions withAdapter(@Nullable String value) {
    return new GenerationOptions(
        programTokens, suggestionTokens, repairTokens, temperature, topK, topP, value);
  }
}
