package io.aicoder.generate;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a model answered.
 *
 * @param text the generated text without special tokens, cut before a stop sequence
 * @param promptIds the ids of the prompt's tokens as the model saw them
 * @param ids the ids of the generated tokens; an end-of-sequence token that was generated is the
 *     last
 * @param finishReason why the generation ended
 * @param timings where the time went
 * @param promptLogits the unprocessed logits at the last prompt position, {@code vocab_size}
 *     values, when the request asked for them; else {@code null}
 * @param logProbabilities one entry for each of {@code ids}, when the request asked for them; else
 *     {@code null}
 * @param beamScore the beam's score, when it was found by beam search; else {@code null}
 */
public record GenerationResult(
    String text,
    List<Integer> promptIds,
    List<Integer> ids,
    FinishReason finishReason,
    Timings timings,
    @Nullable List<Float> promptLogits,
    @Nullable List<TokenChoice> logProbabilities,
    @Nullable Double beamScore) {

  /** Copies the lists. */
  public GenerationResult {
    promptIds = List.copyOf(promptIds);
    ids = List.copyOf(ids);
    promptLogits = promptLogits == null ? null : List.copyOf(promptLogits);
    logProbabilities = logProbabilities == null ? null : List.copyOf(logProbabilities);
  }

  /** Creates a result without logits, probabilities and score. */
  public GenerationResult(
      String text,
      List<Integer> promptIds,
      List<Integer> ids,
      FinishReason finishReason,
      Timings timings) {
    this(text, promptIds, ids, finishReason, timings, null, null, null);
  }

  /** Returns the number of prompt tokens. */
  public int promptTokens() {
    return promptIds.size();
  }

  /** Returns the number of tokens in {@link #ids}. */
  public int completionTokens() {
    return ids.size();
  }

  /** Returns prompt tokens a second of prefill; 0 when no time was measured. */
  public double prefillTokensPerSecond() {
    return rate(promptTokens(), timings.prefill());
  }

  /**
   * Returns tokens a second of decode (the first token belongs to prefill); 0 when none was made.
   */
  public double decodeTokensPerSecond() {
    return rate(Math.max(0, completionTokens() - 1), timings.decode());
  }

  private static double rate(int tokens, Duration time) {
    return time.isZero() ? 0 : tokens * 1e9 / time.toNanos();
  }
}
