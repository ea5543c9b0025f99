/** An evaluation run: plan, generate, execute, record, resume. */
@NullMarked
package io.aicoder.eval.run;

import org.jspecify.annotations.NullMarked;
