/**
 * LoRA fine-tuning through DJL's {@code Trainer}, PEFT-compatible in and out. Nothing is here yet;
 * {@code docs/roadmap.md} says what comes.
 */
@NullMarked
package io.aicoder.finetune;

import org.jspecify.annotations.NullMarked;
