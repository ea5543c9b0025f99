/** LoRA's options, and adapter directories as PEFT writes them: out, and in to continue from. */
@NullMarked
package io.aicoder.finetune.peft;

import org.jspecify.annotations.NullMarked;
