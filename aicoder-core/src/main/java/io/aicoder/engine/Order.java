package io.aicoder.engine;

import io.aicoder.llama.Sampling;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request with every option settled and its prompt as tokens.
 *
 * @param promptIds the prompt, within the vocabulary and shorter than the context
 * @param maxNewTokens the most tokens to generate; with the prompt they fit the context
 * @param sampling how tokens are chosen
 * @param seed of the random numbers; of the first sample, where there are several
 * @param samples how many results
 * @param beams beam search, with at least as many beams as samples; {@code null}: none
 * @param stop the stop sequences
 * @param eosTokenIds the end-of-sequence tokens that end a generation
 * @param stopTokenIds other tokens that do
 * @param adapter the program's number of the adapter, or −1
 * @param logProbabilities how many likeliest tokens to tell beside the chosen ones; {@code null}:
 *     neither
 * @param promptLogits whether to keep the logits at the last prompt position
 * @param filter restricts the text, from its first token on; not with beams. {@code null}: none
 */
public record Order(
    List<Integer> promptIds,
    int maxNewTokens,
    Sampling sampling,
    long seed,
    int samples,
    @Nullable Beams beams,
    List<String> stop,
    List<Integer> eosTokenIds,
    List<Integer> stopTokenIds,
    int adapter,
    @Nullable Integer logProbabilities,
    boolean promptLogits,
    @Nullable TokenFilter filter) {

  /** Returns how many sequences the engine runs at once. */
  int sequences() {
    return beams == null ? samples : beams.count();
  }
}
