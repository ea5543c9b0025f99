package io.aicoder.eval.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.eval.Examples;
import io.aicoder.eval.metric.Judgement;
import io.aicoder.eval.metric.VerdictReader;
import io.aicoder.eval.task.Task;
import io.aicoder.eval.task.TaskSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A fork of a warm interpreter and a fresh interpreter come to the same verdict. For each library
 * one task; with {@code -Daicoder.cold=1/1} for every task, with {@code 2/3} for the second third
 * of them, and so on.
 */
class ColdModeTest {

  private static final String PART = System.getProperty("aicoder.cold", "");

  /** What is put before the reference's body, so that it fails in different ways. */
  private static final List<String> FAULTS =
      List.of("return None", "raise KeyError('left')", "import sys; sys.exit(3)", "x = (1,");

  /** Six that are there, and one that is not. */
  private static final Set<String> LIBRARIES =
      Set.of("numpy", "pandas", "scipy", "scikit-learn", "pillow", "torch", "transformers");

  /** As {@link Limits#DEFAULT}, with time for the imports on a busy machine. */
  private static final Limits LIMITS =
      new Limits(
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          Limits.DEFAULT.memoryBytes(),
          Limits.DEFAULT.processes(),
          Limits.DEFAULT.fileBytes(),
          Limits.DEFAULT.outputBytes());

  private static List<Task> tasks;

  @BeforeAll
  static void chooseTasks() {
    RealPython.sandboxOrSkip(1).close();
    TaskSet offline =
        TaskSet.load(Examples.repository().resolve("examples/nano/tasks/offline.jsonl"));
    List<Task> all =
        Stream.concat(Examples.nano().tasks().stream(), offline.tasks().stream()).toList();
    Set<String> libraries = new HashSet<>(LIBRARIES);
    tasks = all.stream().filter(task -> libraries.remove(task.library())).toList();
    assertThat(libraries).isEmpty();
    if (!PART.isEmpty()) {
      int slash = PART.indexOf('/');
      int part = Integer.parseInt(PART.substring(0, slash));
      int parts = Integer.parseInt(PART.substring(slash + 1));
      tasks =
          IntStream.range(0, all.size())
              .filter(i -> i % parts == part - 1)
              .mapToObj(all::get)
              .toList();
    }
  }

  private static Sandbox cold() {
    return BubblewrapSandbox.builder()
        .optPython(RealPython.orSkip())
        .optWorkers(2)
        .optCold()
        .build();
  }

  /** A program and the task that judges it. */
  private record Trial(Task task, String program) {

    String verdict(Sandbox sandbox) {
      Execution execution = sandbox.run(program, LIMITS);
      Judgement judgement = VerdictReader.judge(task, execution);
      return String.join(
          "\n",
          task.id(),
          judgement.toString(),
          execution.termination().toString(),
          execution.stdout(),
          execution.stderr());
    }
  }

  private static List<String> verdicts(Sandbox sandbox, List<Trial> trials) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<String>> verdicts = new ArrayList<>();
      for (Trial trial : trials) {
        verdicts.add(threads.submit(() -> trial.verdict(sandbox)));
      }
      List<String> texts = new ArrayList<>();
      for (Future<String> verdict : verdicts) {
        texts.add(verdict.get());
      }
      return texts;
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void everyVerdictIsThatOfAWarmInterpreter() throws Exception {
    List<Trial> trials = new ArrayList<>();
    for (Task task : tasks) {
      String fault = FAULTS.get(trials.size() / 2 % FAULTS.size());
      trials.add(new Trial(task, task.program(task.reference())));
      trials.add(
          new Trial(task, task.program(task.withBody("    " + fault + "\n" + task.answer()))));
    }

    try (Sandbox warm = RealPython.sandboxOrSkip(2);
        Sandbox cold = cold()) {
      List<String> expected = verdicts(warm, trials);
      assertThat(verdicts(cold, trials)).containsExactlyElementsOf(expected);
      assertThat(expected).anyMatch(text -> text.contains("Passed"));
      assertThat(expected).anyMatch(text -> text.contains("Raised"));
    }
  }
}
