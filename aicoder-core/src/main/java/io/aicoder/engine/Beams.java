package io.aicoder.engine;

import io.aicoder.generate.EarlyStopping;

/**
 * Beam search, every option settled.
 *
 * @param count the number of beams, 2 or more
 * @param lengthPenalty the power of its length by which a finished beam's score is divided
 * @param earlyStopping when the search ends
 */
public record Beams(int count, double lengthPenalty, EarlyStopping earlyStopping) {}
