package io.aicoder.generate;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When a request's generation ends. Whatever is {@code null} is left to the checkpoint.
 *
 * @param maxNewTokens the most tokens to generate, at least 1, fewer where the context ends; {@code
 *     null}: the checkpoint's, else 2048
 * @param minNewTokens before so many tokens neither an end-of-sequence token nor one of {@code
 *     stopTokenIds} is chosen, 0 or more
 * @param stop texts that end the generation when they appear; the result ends before them
 * @param stopTokenIds tokens that end the generation beside the checkpoint's end-of-sequence
 *     tokens; the one that did is the last of the ids and not in the text
 * @param ignoreEos whether the checkpoint's end-of-sequence tokens are generated through
 */
public record StopConditions(
    @Nullable Integer maxNewTokens,
    @Nullable Integer minNewTokens,
    List<String> stop,
    List<Integer> stopTokenIds,
    boolean ignoreEos) {

  /**
   * Checks every option.
   *
   * @throws IllegalArgumentException when one is out of its range
   */
  public StopConditions {
    stop = List.copyOf(stop);
    stopTokenIds = List.copyOf(stopTokenIds);
    Ranges.atLeast("max_new_tokens", maxNewTokens, 1, "");
    Ranges.atLeast("min_new_tokens", minNewTokens, 0, "");
    Ranges.require(
        minNewTokens == null || maxNewTokens == null || minNewTokens <= maxNewTokens,
        "min_new_tokens is "
            + minNewTokens
            + ": it must be at most max_new_tokens, which is "
            + maxNewTokens);
    Ranges.require(stop.stream().noneMatch(String::isEmpty), "stop holds an empty text: remove it");
  }
}
