/**
 * Generation as a DJL Serving model: a folder with {@code serving.properties} that names the two
 * factories here.
 */
@NullMarked
package io.aicoder.serving;

import org.jspecify.annotations.NullMarked;
