/**
 * LoRA fine-tuning, PEFT-compatible in and out: {@link io.aicoder.finetune.LoraFineTuner} is where
 * to begin.
 */
@NullMarked
package io.aicoder.finetune;

import org.jspecify.annotations.NullMarked;
