/** Runs generations: the one place where requests meet the program. */
@NullMarked
package io.aicoder.engine;

import org.jspecify.annotations.NullMarked;
