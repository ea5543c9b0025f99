/** Runs generated programs where they can do no harm. */
@NullMarked
package io.aicoder.eval.sandbox;

import org.jspecify.annotations.NullMarked;
