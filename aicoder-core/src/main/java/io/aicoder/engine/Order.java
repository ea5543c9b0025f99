package io.aicoder.engine;

import io.aicoder.llama.Sampling;
import java.util.List;

/**
 * A request with every option settled and its prompt as tokens.
 *
 * @param promptIds the prompt, within the vocabulary and shorter than the context
 * @param maxNewTokens the most tokens to generate; with the prompt they fit the context
 * @param sampling how tokens are chosen
 * @param seed of the random numbers
 * @param stop the stop sequences
 * @param eosTokenIds the tokens that end a generation
 * @param adapter the program's number of the adapter, or −1
 * @param promptLogits whether to keep the logits at the last prompt position
 */
public record Order(
    List<Integer> promptIds,
    int maxNewTokens,
    Sampling sampling,
    long seed,
    List<String> stop,
    List<Integer> eosTokenIds,
    int adapter,
    boolean promptLogits) {}
