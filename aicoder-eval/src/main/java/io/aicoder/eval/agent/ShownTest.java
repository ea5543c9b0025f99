package io.aicoder.eval.agent;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.aicoder.eval.prompt.Templates;
import io.aicoder.eval.task.Task;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Puts a test that an agent may see in the place of the one that scores. */
final class ShownTest {

  private static final Pattern TEST_NAME = Pattern.compile("test_\\w+");

  private ShownTest() {}

  /**
   * Returns the task with another test.
   *
   * @param task the task
   * @param resource the Python that runs the cases; it finds them in {@code CASES}
   * @param cases the text that holds the cases
   */
  static Task of(Task task, String resource, String cases) {
    Matcher called = TEST_NAME.matcher(task.callLine());
    String name = called.find() ? called.group() : "test_shown";
    // A bracket in the cases could be taken for one of the protocol's.
    String literal =
        new String(JsonStringEncoder.getInstance().quoteAsString(cases)).replace("[", "\\x5b");
    String test =
        Templates.resource(ShownTest.class, resource)
            .stripTrailing()
            .replace("CASES_TEXT", "\"" + literal + "\"")
            .replace("def test_shown(", "def " + name + "(");
    return new Task(
        task.id(),
        task.requirements(),
        task.imports(),
        task.functionCode(),
        test,
        name + "()",
        task.instruction(),
        task.answer(),
        task.domain(),
        task.library());
  }

  /** Returns the visible test with the line that calls it, as steps record it. */
  static String text(Task shown) {
    return shown.testCode() + "\n\n" + shown.callLine();
  }
}
