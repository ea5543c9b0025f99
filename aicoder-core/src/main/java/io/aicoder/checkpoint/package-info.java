/** Reads Hugging Face checkpoint and PEFT adapter directories. */
@NullMarked
package io.aicoder.checkpoint;

import org.jspecify.annotations.NullMarked;
