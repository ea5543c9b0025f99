/** The front door: load a model, generate, stream. */
@NullMarked
package io.aicoder;

import org.jspecify.annotations.NullMarked;
