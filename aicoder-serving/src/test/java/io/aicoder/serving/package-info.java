@NullMarked
package io.aicoder.serving;

import org.jspecify.annotations.NullMarked;
