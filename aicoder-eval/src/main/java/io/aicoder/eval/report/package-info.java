/** Reports on finished runs: a table for the console, a page for people, JSON for programs. */
@NullMarked
package io.aicoder.eval.report;

import org.jspecify.annotations.NullMarked;
