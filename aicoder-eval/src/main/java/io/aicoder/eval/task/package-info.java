/** Benchmark tasks: records and loaders. */
@NullMarked
package io.aicoder.eval.task;

import org.jspecify.annotations.NullMarked;
