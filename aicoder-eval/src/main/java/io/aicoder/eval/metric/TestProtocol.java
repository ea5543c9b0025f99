package io.aicoder.eval.metric;

import io.aicoder.eval.task.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a task's test prints, and what follows from it.
 *
 * <p>A test prints {@code Testing started.}, for each of its n cases {@code Test case [i/n]
 * succeeded} or {@code Test case [i/n] failed: …}, and {@code Testing finished.} Many v4 tests
 * announce their cases only ({@code Testing case [i/n] started.}) and assert: there, a case
 * succeeded when the next one or the end is reached and it was not said to have failed. Lines
 * before the start do not count.
 *
 * <p>The program under test shares its output with the test, so a program that prints these lines
 * itself is believed, unless the test is one that can be sealed ({@link TestSeal}): the protocol
 * measures programs that try to solve the task, it is no defence against ones written to deceive.
 */
final class TestProtocol {

  /** Cases of a test that does not say how many it has: the benchmark's usual number. */
  private static final int USUAL_CASES = 3;

  private static final String STARTED = "Testing started.";
  private static final String FINISHED = "Testing finished.";
  private static final int FLAGS = Pattern.UNIX_LINES;
  private static final Pattern DECLARED =
      Pattern.compile("\\[[^\\]/\\n]{1,9}/(\\d{1,3})\\]", FLAGS);
  private static final Pattern SUCCEEDED_IN_TEST =
      Pattern.compile("[Tt]est(?:ing)? case \\[[^\\]\\n]*\\] succeeded", FLAGS);
  private static final Pattern CASE =
      Pattern.compile(
          "Test(ing)? case \\[(\\d{1,3})/(\\d{1,3})\\](?:( succeeded\\.?)| (failed)\\b:?(.*)|.*)",
          FLAGS);

  private final int declaredCases;
  private final int usualCases;
  private final boolean announcesSuccess;

  /** Looks at a task's test. */
  TestProtocol(Task task) {
    int counted = task.form().cases();
    usualCases = counted > 0 ? counted : USUAL_CASES;
    declaredCases = counted > 0 ? 0 : declaredCases(task.testCode());
    announcesSuccess = SUCCEEDED_IN_TEST.matcher(task.testCode()).find();
  }

  private static int declaredCases(String testCode) {
    int declared = 0;
    Matcher matcher = DECLARED.matcher(testCode);
    while (matcher.find()) {
      declared = Math.max(declared, Integer.parseInt(matcher.group(1)));
    }
    return declared;
  }

  /**
   * What a test's output says.
   *
   * @param succeeded the numbers of the cases that succeeded
   * @param total how many cases there are
   * @param started whether the test began
   * @param finished whether it ran to its end
   * @param failures what the failed cases said of themselves, in order
   */
  record Outcome(
      Set<Integer> succeeded,
      int total,
      boolean started,
      boolean finished,
      List<String> failures) {}

  /** Reads a program's standard output. */
  Outcome read(String stdout) {
    Reader reader = new Reader();
    for (String line : stdout.split("\n", -1)) {
      reader.take(withoutReturn(line));
    }
    return reader.outcome();
  }

  /** Tells whether a line of output is one of the protocol's. */
  static boolean isLine(String line) {
    String text = withoutReturn(line);
    return text.equals(STARTED) || text.equals(FINISHED) || CASE.matcher(text).matches();
  }

  private static String withoutReturn(String line) {
    return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
  }

  /** Takes the lines of one output. */
  private final class Reader {

    private final Set<Integer> succeeded = new TreeSet<>();
    private final Set<Integer> failed = new TreeSet<>();
    private boolean started;
    private boolean finished;
    private int current;
    private int printedTotal;
    private final List<String> failures = new ArrayList<>();

    void take(String line) {
      if (!started) {
        started = line.equals(STARTED);
        return;
      }
      Matcher matcher = CASE.matcher(line);
      if (line.equals(FINISHED)) {
        finished = true;
        passCurrent();
      } else if (matcher.matches()) {
        takeCase(matcher);
      }
    }

    private void takeCase(Matcher matcher) {
      int number = Integer.parseInt(matcher.group(2));
      int total = Integer.parseInt(matcher.group(3));
      if (declaredCases > 0 && total != declaredCases) {
        return;
      }
      printedTotal = Math.max(printedTotal, total);
      if (matcher.group(4) != null) {
        succeeded.add(number);
      } else if (matcher.group(5) != null) {
        failed.add(number);
        failures.add(matcher.group(6).strip());
      } else if (matcher.group(1) != null) {
        if (number != current) {
          passCurrent();
        }
        current = number;
      }
    }

    private void passCurrent() {
      if (!announcesSuccess && current > 0 && !failed.contains(current)) {
        succeeded.add(current);
      }
      current = 0;
    }

    Outcome outcome() {
      int total = declaredCases > 0 ? declaredCases : printedTotal;
      int cases = total > 0 ? total : usualCases;
      succeeded.removeIf(number -> number < 1 || number > cases);
      return new Outcome(succeeded, cases, started, finished, failures);
    }
  }
}
