/** Runnable programs: {@code mvn -q -Pexample -Dexample=list} names them. */
@NullMarked
package io.aicoder.examples;

import org.jspecify.annotations.NullMarked;
