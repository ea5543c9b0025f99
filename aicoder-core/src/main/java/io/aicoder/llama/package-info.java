/** The model itself: a TorchScript program, packed and driven by Java. */
@NullMarked
package io.aicoder.llama;

import org.jspecify.annotations.NullMarked;
