/** Checkpoints of a training: written whole or not at all, verified when read, rotated. */
@NullMarked
package io.aicoder.finetune.state;

import org.jspecify.annotations.NullMarked;
