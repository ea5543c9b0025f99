/**
 * Training data: records read from files, tokenized with the checkpoint's own template, and put
 * into batches. {@link io.aicoder.finetune.data.TrainingData} is the entrance.
 */
@NullMarked
package io.aicoder.finetune.data;

import org.jspecify.annotations.NullMarked;
