@NullMarked
package io.aicoder.examples;

import org.jspecify.annotations.NullMarked;
