/**
 * The training loop: a DJL {@code Block} whose parameters are what is trained, DJL's {@code
 * Trainer}, and what DJL lacks beside them.
 */
@NullMarked
package io.aicoder.finetune.train;

import org.jspecify.annotations.NullMarked;
