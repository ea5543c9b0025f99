/** How a training gets on: figures by step, kept in files, shown on a console and as a page. */
@NullMarked
package io.aicoder.finetune.log;

import org.jspecify.annotations.NullMarked;
