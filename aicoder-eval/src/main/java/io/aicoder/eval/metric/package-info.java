/** Verdicts on programs, and the figures that they add up to. */
@NullMarked
package io.aicoder.eval.metric;

import org.jspecify.annotations.NullMarked;
