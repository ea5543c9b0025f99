package io.aicoder.eval.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.aicoder.eval.file.AtomicFile;
import java.nio.file.Path;

/**
 * Writes the figures of a report for programs: {@code report.json}.
 *
 * <p>The fields keep their names and meaning; new ones may come. Shares are in [0, 1].
 *
 * <pre>
 * version         1
 * title, notes    as given
 * rows[]          one for each run, in the report's order
 *   name            what people call the row
 *   sees_tests      true when it tried a task again after the scoring tests had run: not blind
 *   blind           true when the agent saw other tests than those that score it
 *   sr_all          SR@All, the share of programs whose cases all succeed
 *     value, low, high   the share and its 95 % interval: Wilson's, with several samples a task the
 *                        bootstrap's over tasks
 *     successes, total   the counts behind it; infrastructure failures are in neither
 *   sr_any          SR@Any, the share with at least one case that succeeds; fields as in sr_all
 *   cl, ct          mean lines and mean tokens of the generated code
 *   tokens          tokens spent, prompts and completions of every call to the model
 *   seconds         time spent on generation and execution
 *   verdicts        how often each verdict was given, by its name
 *   usd             what the model calls cost in US dollars, if that is known
 *   pass_at         k to an object of value, low, high: pass@k, for the k that were asked for
 *   by_domain       domain to an object of sr_all, sr_any, cl, ct, tokens, seconds, verdicts,
 *                   usd
 *   by_library, by_difficulty   the same by library and by difficulty, which may be "unknown"
 *   errors[]        what programs failed of, the commonest first
 *     type, count, uncaught   exception class or name in brackets, samples, those that it ended
 *     example       one message, if there is one
 *     traceback     one traceback, if there is one: type, message, frames[] of file, line, function,
 *                   source, own; and earlier, the exception before: relation (cause or context) and
 *                   traceback
 *   rounds[]        what each further try brought; round 0 is the first program
 *     round, fixed, solved    programs of the round that passed, samples solved so far; fields as in
 *                   sr_all
 *     quality       if it was measured: programs, unparsable, complexity, lints, and their changes
 *                   against the round before; null where there is none
 *   fix_rates       how often the next program passes, fields as in sr_all; of a blind run by the
 *                   tests that it saw
 *     by_failure    by the exception class before it, or the verdict where there was none
 *     by_round      by the repair's number, from 1
 *   flakes          if programs were run again: reruns (of each), rate (fields as in sr_all) and
 *                   flaky[] of task_id, sample, outcomes[]
 *   linter          what counted the lints, if anything did
 *   settings        what the figures depend on, name to value
 * comparisons[]   agents against the model alone, models against the first one
 *   from, to        names of runs
 *   sr_all, sr_any  for each: tasks, left_out (only one run has them), from_better, to_better (tasks),
 *                   difference (value, low, high), p_value
 * </pre>
 */
public final class JsonReport {

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private JsonReport() {}

  /**
   * Writes the report. A reader sees the old file or the new one, never half of it.
   *
   * @param file where to; missing folders are made, an older file is replaced
   * @param report what to write
   * @throws io.aicoder.error.AiCoderException (INPUT) when a task has too few samples for a pass@k,
   *     or runs cannot be compared; (ENVIRONMENT) when the file cannot be written
   */
  public static void write(Path file, Report report) {
    AtomicFile.write(file, render(report));
  }

  /** Returns the text of the file. */
  static String render(Report report) {
    try {
      return MAPPER.writeValueAsString(ReportDocument.of(report)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a report holds plain values only", e);
    }
  }
}
