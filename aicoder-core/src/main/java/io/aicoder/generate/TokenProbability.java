package io.aicoder.generate;

/**
 * A token and how likely the model finds it.
 *
 * @param id its id
 * @param text what it reads alone; empty for a special token, with U+FFFD for a part of a character
 * @param logProbability the natural logarithm of its probability, 0 or less
 */
public record TokenProbability(int id, String text, double logProbability) {}
