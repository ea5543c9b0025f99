package io.aicoder.eval.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.eval.Examples;
import io.aicoder.eval.agent.Call;
import io.aicoder.eval.agent.ToolUse;
import io.aicoder.eval.metric.ExitStatus;
import io.aicoder.eval.metric.FlakeRate;
import io.aicoder.eval.metric.Rate;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Scores;
import io.aicoder.eval.run.RunResult;
import io.aicoder.eval.trajectory.Trajectory;
import io.aicoder.eval.trajectory.TrajectoryHeader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs made of what the nano model and its adapter really wrote for the embedded tasks, as recorded
 * in {@code nano_results_*.json}. The recordings have no token counts; blank-separated words stand
 * in.
 */
final class RecordedRuns {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Path TASKS = Path.of("../examples/nano/tasks/test.jsonl");

  private RecordedRuns() {}

  /** Returns four runs: the model and the adapter, each alone and with one repair. */
  static List<RunResult> all() {
    return List.of(
        run("nano-base", "base", false),
        run("nano-base + CoderGen", "base", true),
        run("AICoder", "adapter", false),
        run("AICoder + CoderGen", "adapter", true));
  }

  /**
   * Returns the repaired run of the model as a blind and paid one would be: a test of its own
   * judges each program, the scoring test the best of them, and each step costs a cent.
   */
  static RunResult blind() {
    RunResult seeing = run("nano-base + CoderGen, blind", "base", true);
    List<Sample> samples =
        seeing.samples().stream()
            .map(
                sample -> {
                  List<Sample.Step> steps = new ArrayList<>();
                  sample.steps().forEach(step -> steps.add(judged(step, "assert shown()")));
                  steps.add(judged(sample.best(), null));
                  return new Sample(
                      sample.key(), sample.taskId(), 0, sample.domain(), sample.library(), steps);
                })
            .toList();
    return RunResult.of(seeing.name(), samples, seeing.settings());
  }

  /** Returns what a ReAct agent could have done for the first program of a run's sample. */
  static Trajectory trajectory(Sample sample) {
    List<Call> calls =
        List.of(
            call("Thought: What does it hold?\nAction: execute\nAction Input: print(<b>)\n"),
            call("Thought: That was no Python.\nAction: guess\nAction Input: 7"),
            call("The manual helps.\nAction: look_up[torch.where]"),
            call("Thought: Now I know.\nAction: submit\nAction Input: def f(): pass"));
    List<ToolUse> tools =
        List.of(
            new ToolUse(0, "execute", "print(<b>)", "SyntaxError: invalid syntax", 0.1),
            new ToolUse(0, "look_up", "torch.where", "where(condition, input, other)", 0.1));
    return new Trajectory(
        sample.key(),
        new TrajectoryHeader(Examples.task(1), 0, "react", "nano", "none", 0),
        calls,
        tools,
        sample.steps(),
        ExitStatus.ROUNDS);
  }

  private static Call call(String answer) {
    return new Call(0, "prompt", 100, null, answer, "stop", 10, 10, 0.1, null);
  }

  private static Sample.Step judged(Sample.Step s, @Nullable String shownTest) {
    return new Sample.Step(
        s.suggestionPrompt(),
        s.suggestion(),
        s.prompt(),
        s.answer(),
        s.code(),
        s.verdict(),
        s.detail(),
        s.casesPassed(),
        s.casesTotal(),
        s.stdout(),
        s.stderr(),
        s.lines(),
        s.codeTokens(),
        s.promptTokens(),
        s.completionTokens(),
        s.generateSeconds(),
        s.executeSeconds(),
        shownTest,
        shownTest == null ? null : 0.01,
        null,
        null);
  }

  /** Returns what three reruns of a run with one flaky program would show. */
  static FlakeRate flakes() {
    return new FlakeRate(
        3,
        125,
        List.of(
            new FlakeRate.Flaky(
                "test/00002", 0, new TreeSet<>(List.of("partial 1/3", "passed 3/3")))));
  }

  /** Returns a run over the given samples. */
  static RunResult run(String name, List<Sample> samples, SortedMap<String, String> settings) {
    Map<String, List<Sample>> byDomain =
        samples.stream().collect(Collectors.groupingBy(Sample::domain));
    SortedMap<String, Scores> domains = new TreeMap<>();
    byDomain.forEach((domain, part) -> domains.put(domain, scores(part)));
    return new RunResult(name, scores(samples), domains, samples, settings);
  }

  /** Returns a step that passed some of three cases. */
  static Sample.Step step(
      @Nullable String suggestion,
      String prompt,
      String code,
      int passed,
      String stdout,
      String stderr) {
    boolean finished = stderr.isEmpty() || stdout.contains("Testing finished.");
    String detail =
        finished
            ? stdout
                .lines()
                .filter(line -> line.matches("Test case \\[\\d/3] failed: .*"))
                .map(line -> line.replaceFirst(".*? failed: ", ""))
                .findFirst()
                .orElse(null)
            : stderr.strip().lines().reduce("", (first, last) -> last);
    String verdict =
        passed == 3 ? "passed" : !finished ? "exception" : passed > 0 ? "partial" : "wrong";
    return new Sample.Step(
        suggestion == null ? null : "Why does this fail?\n" + stderr,
        suggestion,
        prompt,
        "```python\n" + code + "\n```",
        code,
        verdict,
        detail,
        passed,
        3,
        stdout,
        stderr,
        (int) code.lines().filter(line -> !line.isBlank()).count(),
        words(code),
        words(prompt) + words(stderr),
        words(code),
        0.9,
        0.4);
  }

  private static RunResult run(String name, String recording, boolean repair) {
    Map<String, JsonNode> tasks = tasks();
    List<Sample> samples = new ArrayList<>();
    for (JsonNode row : recording(recording).get("records")) {
      JsonNode task = Objects.requireNonNull(tasks.get(row.get("path").asText()));
      samples.add(sample(row, task, repair));
    }
    SortedMap<String, String> settings = new TreeMap<>();
    settings.put("model", "nano-base");
    settings.put("adapter", recording.equals("base") ? "none" : "nano-aicoder-reference");
    settings.put("agent", repair ? "codergen, 1 repair" : "none");
    settings.put("sampling", "greedy");
    settings.put("limits", "20 s wall, 20 s processor, 2 GiB memory");
    return run(name, samples, settings);
  }

  private static Sample sample(JsonNode row, JsonNode task, boolean repair) {
    String prompt = task.get("instruct").asText();
    List<Sample.Step> steps = new ArrayList<>();
    String stderr = row.get("stderr").asText();
    String code = row.get("code").asText();
    steps.add(
        step(null, prompt, code, row.get("passed").asInt(), row.get("stdout").asText(), stderr));
    if (repair && row.has("repaired")) {
      String suggestion = row.get("suggestion").asText();
      String again = prompt + "\n# error:\n" + stderr + "\n# suggestion: " + suggestion;
      int passed = row.get("passed_after_repair").asInt();
      steps.add(step(suggestion, again, row.get("repaired").asText(), passed, "", ""));
    }
    return new Sample(
        "key-" + row.get("path").asText(),
        row.get("path").asText(),
        0,
        task.get("domain").asText(),
        task.get("library").asText(),
        steps);
  }

  private static Scores scores(List<Sample> samples) {
    List<Sample.Step> steps = samples.stream().map(Sample::best).toList();
    SortedMap<String, Integer> verdicts = new TreeMap<>();
    steps.forEach(step -> verdicts.merge(step.verdict(), 1, Integer::sum));
    return new Scores(
        new Rate(
            (int) steps.stream().filter(step -> step.casesPassed() == 3).count(), steps.size()),
        new Rate((int) steps.stream().filter(step -> step.casesPassed() > 0).count(), steps.size()),
        steps.stream().mapToInt(Sample.Step::lines).average().orElse(0),
        steps.stream().mapToInt(Sample.Step::codeTokens).average().orElse(0),
        samples.stream()
            .flatMap(sample -> sample.steps().stream())
            .mapToLong(step -> step.promptTokens() + step.completionTokens())
            .sum(),
        samples.stream()
            .flatMap(sample -> sample.steps().stream())
            .mapToDouble(step -> step.generateSeconds() + step.executeSeconds())
            .sum(),
        verdicts,
        null);
  }

  private static Map<String, JsonNode> tasks() {
    Map<String, JsonNode> tasks = new HashMap<>();
    try {
      for (String line : Files.readAllLines(TASKS)) {
        JsonNode task = MAPPER.readTree(line);
        tasks.put(task.get("path").asText(), task);
      }
    } catch (IOException e) {
      throw new IllegalStateException(TASKS + " cannot be read", e);
    }
    return tasks;
  }

  private static JsonNode recording(String name) {
    String resource = "/nano_results_" + name + ".json";
    try (InputStream stream = RecordedRuns.class.getResourceAsStream(resource)) {
      return MAPPER.readTree(stream);
    } catch (IOException e) {
      throw new IllegalStateException(resource + " cannot be read", e);
    }
  }

  private static int words(String text) {
    return text.split("\\s+").length;
  }
}
