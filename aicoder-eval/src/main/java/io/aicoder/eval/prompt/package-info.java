/** How prompts are made of templates. */
@NullMarked
package io.aicoder.eval.prompt;

import org.jspecify.annotations.NullMarked;
