package io.aicoder.eval.quality;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.quality.QualityByRound.Round;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Measures programs without running them, in the sandbox's Python: cyclomatic complexity by its own
 * parser, lints by ruff or pyflakes where its environment has one of them.
 *
 * <p>Complexity is counted as ruff's rule C901 counts it. ruff applies its default rules, pyflakes
 * its own; figures of different linters cannot be compared.
 */
public final class CodeInspector {

  /** Programs looked at in one go: their texts travel as one script. */
  private static final int BATCH = 100;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SCRIPT = script();

  private final Sandbox sandbox;
  private final Map<String, CodeQuality> known = new HashMap<>();
  private @Nullable String linter;

  /**
   * Makes an inspector, for use by one thread.
   *
   * @param sandbox whose Python looks at the programs; stays the caller's
   */
  public CodeInspector(Sandbox sandbox) {
    this.sandbox = sandbox;
  }

  /**
   * Measures programs.
   *
   * @param programs their texts
   * @return one entry each, in the same order
   * @throws AiCoderException (ENVIRONMENT) when the sandbox fails
   */
  public List<CodeQuality> inspect(List<String> programs) {
    List<String> unknown =
        programs.stream().distinct().filter(program -> !known.containsKey(program)).toList();
    for (int start = 0; start < unknown.size(); start += BATCH) {
      measure(unknown.subList(start, Math.min(start + BATCH, unknown.size())));
    }
    return programs.stream().map(program -> Objects.requireNonNull(known.get(program))).toList();
  }

  /**
   * Returns the linter with its version; {@code null} when there is none, or before anything was
   * inspected.
   */
  public @Nullable String linter() {
    return linter;
  }

  /**
   * Measures the programs of a run, round by round. Steps without a program are left out.
   *
   * @param samples a run's samples
   * @throws AiCoderException (ENVIRONMENT) when the sandbox fails
   */
  public QualityByRound byRound(List<Sample> samples) {
    inspect(
        samples.stream()
            .flatMap(sample -> sample.tries().stream())
            .map(Step::code)
            .filter(code -> !code.isBlank())
            .toList());
    int most = samples.stream().mapToInt(sample -> sample.tries().size()).max().orElse(0);
    List<Round> rounds = new ArrayList<>();
    for (int round = 0; round < most; round++) {
      rounds.add(round(round, samples));
    }
    return new QualityByRound(linter, rounds);
  }

  private Round round(int round, List<Sample> samples) {
    List<CodeQuality> programs = new ArrayList<>();
    List<CodeQuality[]> pairs = new ArrayList<>();
    for (Sample sample : samples) {
      CodeQuality now = quality(sample, round);
      if (now != null) {
        programs.add(now);
        CodeQuality before = quality(sample, round - 1);
        if (before != null) {
          pairs.add(new CodeQuality[] {before, now});
        }
      }
    }
    return new Round(
        round,
        programs.size(),
        (int) programs.stream().filter(program -> program.complexity() == null).count(),
        mean(programs.stream().map(CodeQuality::complexity)),
        mean(programs.stream().map(CodeQuality::lints)),
        mean(pairs.stream().map(pair -> change(pair, CodeQuality::complexity))),
        mean(pairs.stream().map(pair -> change(pair, CodeQuality::lints))));
  }

  private @Nullable CodeQuality quality(Sample sample, int round) {
    boolean there = round >= 0 && round < sample.tries().size();
    return there ? known.get(sample.tries().get(round).code()) : null;
  }

  private static @Nullable Integer change(
      CodeQuality[] pair, Function<CodeQuality, @Nullable Integer> figure) {
    Integer before = figure.apply(pair[0]);
    Integer now = figure.apply(pair[1]);
    return before == null || now == null ? null : now - before;
  }

  private static @Nullable Double mean(Stream<@Nullable Integer> figures) {
    List<Integer> there = new ArrayList<>();
    figures.forEach(
        figure -> {
          if (figure != null) {
            there.add(figure);
          }
        });
    return there.isEmpty()
        ? null
        : there.stream().mapToInt(Integer::intValue).average().orElseThrow();
  }

  private void measure(List<String> programs) {
    String texts =
        programs.stream()
            .map(text -> text.getBytes(StandardCharsets.UTF_8))
            .map(bytes -> "\"" + Base64.getEncoder().encodeToString(bytes) + "\"")
            .collect(Collectors.joining(", "));
    Execution execution =
        sandbox.run("PROGRAMS = [" + texts + "]\n" + SCRIPT + "\n", Limits.DEFAULT);
    try {
      JsonNode report = JSON.readTree(execution.stdout());
      linter = report.path("linter").textValue();
      JsonNode figures = report.path("programs");
      if (figures.size() != programs.size()) {
        throw failure(execution, null);
      }
      for (int i = 0; i < programs.size(); i++) {
        JsonNode figure = figures.get(i);
        known.put(
            programs.get(i),
            new CodeQuality(number(figure.get("complexity")), number(figure.get("lints"))));
      }
    } catch (JsonProcessingException e) {
      throw failure(execution, e);
    }
  }

  private static @Nullable Integer number(JsonNode node) {
    return node.isNull() ? null : node.intValue();
  }

  private static AiCoderException failure(Execution execution, @Nullable Exception cause) {
    return new AiCoderException(
        ErrorCategory.ENVIRONMENT,
        "the sandbox's Python could not inspect programs ("
            + execution.termination()
            + "): "
            + execution.stderr().strip(),
        cause);
  }

  private static String script() {
    try (InputStream in = CodeInspector.class.getResourceAsStream("code_quality.py")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
