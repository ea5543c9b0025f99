/** Requests to a model and what comes back: records without behaviour of their own. */
@NullMarked
package io.aicoder.generate;

import org.jspecify.annotations.NullMarked;
