package io.aicoder.eval.metric;

import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.task.Task;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * A random word in front of the lines that a test prints, new for each run, so that a program
 * cannot print these lines itself unless it looks for the word.
 *
 * <p>Only tests that this library writes, for benchmarks whose own tests print nothing, can be
 * sealed; AICoderEval's print their lines as published.
 */
final class TestSeal {

  /** Where the word belongs, in {@code say.py}. */
  private static final String PLACE = "_SEAL = \"\"\n";

  private static final String NOT_THE_TESTS = "(not from the test) ";
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int BYTES = 16;

  private final String word;
  private final int place;
  private final String program;

  /** Prepares a run of some code on a task's test. */
  TestSeal(Task task, String code) {
    program = task.program(code);
    // The test's own line comes last, whatever the code holds.
    place = task.testCode().contains(PLACE) ? program.lastIndexOf(PLACE) : -1;
    byte[] bytes = new byte[BYTES];
    RANDOM.nextBytes(bytes);
    word = HexFormat.of().formatHex(bytes) + " ";
  }

  /** Returns the program to run. */
  String program() {
    return place < 0
        ? program
        : program.substring(0, place)
            + PLACE.replace("\"\"", '"' + word + '"')
            + program.substring(place + PLACE.length());
  }

  /**
   * Returns the execution as if there had been no seal: the test's lines are as they always were,
   * and lines of the program that look like them say that they are not.
   */
  Execution open(Execution execution) {
    if (place < 0) {
      return execution;
    }
    StringBuilder stdout = new StringBuilder();
    for (String line : execution.stdout().split("\n", -1)) {
      boolean imitation = !line.startsWith(word) && TestProtocol.isLine(line);
      stdout.append(imitation ? NOT_THE_TESTS : "").append(withoutWord(line)).append('\n');
    }
    stdout.setLength(stdout.length() - 1);
    return new Execution(
        stdout.toString(),
        withoutWord(execution.stderr()),
        execution.termination(),
        execution.wall(),
        execution.cpu(),
        execution.memoryBytes());
  }

  /** A program that shows its own text shows the word: results would differ from run to run. */
  private String withoutWord(String text) {
    return text.replace(word, "");
  }
}
