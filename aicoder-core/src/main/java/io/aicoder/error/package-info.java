/** The one exception type and its categories. */
@NullMarked
package io.aicoder.error;

import org.jspecify.annotations.NullMarked;
