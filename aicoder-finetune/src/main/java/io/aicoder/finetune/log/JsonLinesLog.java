package io.aicoder.finetune.log;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes figures as JSON, one object a line, its {@code type} first: {@code step}, {@code
 * evaluation} or {@code finished}. Figures that are not finite stand as texts, such as {@code
 * "NaN"}.
 *
 * <p>Not thread-safe.
 */
public final class JsonLinesLog implements MetricsListener {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final String TYPE = "type";
  private static final String STEP = "step";
  private static final String EVALUATION = "evaluation";
  private static final String FINISHED = "finished";

  private final LineFile file;

  private JsonLinesLog(LineFile file) {
    this.file = file;
  }

  /**
   * Opens a file, made with its folder if it is not there.
   *
   * @param file the file
   * @param afterStep the step after which the training goes on, 0 for a new one: what the file says
   *     of later steps, and of an end, is cut off
   * @throws AiCoderException (ENVIRONMENT) when it cannot be read or written
   */
  public static JsonLinesLog open(Path file, long afterStep) {
    return new JsonLinesLog(
        LineFile.open(
            file,
            line -> {
              JsonNode json = parse(line);
              return json != null
                  && !json.path(TYPE).asText().equals(FINISHED)
                  && json.path(STEP).asLong(Long.MAX_VALUE) <= afterStep;
            }));
  }

  private static @Nullable JsonNode parse(String line) {
    try {
      return MAPPER.readTree(line);
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  /**
   * Reads what a training has written so far; a torn last line is left out.
   *
   * @throws AiCoderException (INPUT) when it is no such file; (ENVIRONMENT) when it cannot be read
   */
  public static RunHistory read(Path file) {
    List<StepMetrics> steps = new ArrayList<>();
    List<EvaluationMetrics> evaluations = new ArrayList<>();
    RunSummary summary = null;
    String text = text(file);
    int number = 0;
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
      number++;
      try {
        ObjectNode json = (ObjectNode) MAPPER.readTree(line);
        String type = json.path(TYPE).asText();
        json.remove(TYPE);
        switch (type) {
          case STEP -> steps.add(MAPPER.treeToValue(json, StepMetrics.class));
          case EVALUATION -> evaluations.add(MAPPER.treeToValue(json, EvaluationMetrics.class));
          case FINISHED -> summary = MAPPER.treeToValue(json, RunSummary.class);
          default -> throw foreign(file, number, "type '" + type + "' is not known", null);
        }
      } catch (JsonProcessingException | ClassCastException e) {
        throw foreign(file, number, "is not what a training writes", e);
      }
    }
    return new RunHistory(steps, evaluations, summary);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT, file + ": cannot be read (" + e + ")", e);
    }
  }

  private static AiCoderException foreign(
      Path file, int line, String problem, @Nullable Exception cause) {
    return new AiCoderException(
        ErrorCategory.INPUT,
        file + ": line " + line + " " + problem + ": name another file",
        cause);
  }

  @Override
  public void step(StepMetrics metrics) {
    add(STEP, metrics);
  }

  @Override
  public void evaluated(EvaluationMetrics metrics) {
    add(EVALUATION, metrics);
  }

  @Override
  public void finished(RunSummary summary) {
    add(FINISHED, summary);
  }

  private void add(String type, Object metrics) {
    ObjectNode json = MAPPER.createObjectNode().put(TYPE, type);
    json.setAll((ObjectNode) MAPPER.valueToTree(metrics));
    try {
      file.add(MAPPER.writeValueAsString(json));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("figures have a JSON form", e);
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
