package io.aicoder.eval.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The programs of the reference measurement with what they did, made by
 * examples/nano/recipe/evaluate.py.
 */
public final class RecordedResults {

  private RecordedResults() {}

  /**
   * One program.
   *
   * @param path the task's id
   * @param code the program, without test
   * @param passed how many cases it passed
   * @param stdout what it printed; empty for a repaired program, whose output was not kept
   */
  public record Program(String path, String code, int passed, String stdout) {}

  /** Returns the programs of {@code base} or {@code adapter}, repaired ones included. */
  public static List<Program> load(String run) {
    String name = "/nano_results_" + run + ".json";
    try (InputStream stream =
        Objects.requireNonNull(RecordedResults.class.getResourceAsStream(name), name)) {
      List<Program> programs = new ArrayList<>();
      for (JsonNode record : new ObjectMapper().readTree(stream).get("records")) {
        String path = record.get("path").textValue();
        programs.add(
            new Program(
                path,
                record.get("code").textValue(),
                record.get("passed").intValue(),
                record.get("stdout").textValue()));
        if (record.has("repaired")) {
          programs.add(
              new Program(
                  path,
                  record.get("repaired").textValue(),
                  record.get("passed_after_repair").intValue(),
                  ""));
        }
      }
      return programs;
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }
}
