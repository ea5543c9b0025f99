/**
 * Fuzz targets for every file of a model directory: whatever bytes it holds, loading works or
 * throws {@code AiCoderException}. In a normal build the inputs under {@code src/test/resources}
 * are replayed; CONTRIBUTING.md says how to search for new ones.
 */
@NullMarked
package io.aicoder.fuzz;

import org.jspecify.annotations.NullMarked;
