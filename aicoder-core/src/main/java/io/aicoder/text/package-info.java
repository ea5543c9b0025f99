/** Between text and tokens: tokenizer, chat template, detokenizer, stop sequences. */
@NullMarked
package io.aicoder.text;

import org.jspecify.annotations.NullMarked;
