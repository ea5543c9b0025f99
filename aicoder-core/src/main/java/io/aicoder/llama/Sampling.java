package io.aicoder.llama;

/**
 * How the next token is chosen, every option settled.
 *
 * @param temperature 0: the likeliest token; else what logits are divided by
 * @param topK sample among the k likeliest; 0: all
 * @param topP sample among the likeliest whose probabilities reach p, in (0, 1]
 * @param repetitionPenalty divides positive, multiplies negative logits of tokens seen; 1: none
 */
public record Sampling(double temperature, int topK, double topP, double repetitionPenalty) {}
