/**
 * LoRA fine-tuning, PEFT-compatible in and out. So far there is the training data, in {@code data};
 * {@code docs/roadmap.md} says what comes.
 */
@NullMarked
package io.aicoder.finetune;

import org.jspecify.annotations.NullMarked;
