/** LoRA fine-tuning through DJL's {@code Trainer}, PEFT-compatible in and out. */
@NullMarked
package io.aicoder.finetune;

import org.jspecify.annotations.NullMarked;
