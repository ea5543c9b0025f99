/** Ways to come to a program: one answer, several, or CoderGen's repair rounds. */
@NullMarked
package io.aicoder.eval.agent;

import org.jspecify.annotations.NullMarked;
