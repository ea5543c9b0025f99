/**
 * The part of the Jinja template language that chat templates use, with Python's semantics of
 * values, as transformers sets Jinja up for them.
 */
@NullMarked
package io.aicoder.text.jinja;

import org.jspecify.annotations.NullMarked;
