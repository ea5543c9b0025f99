package io.aicoder.eval.agent;

import io.aicoder.eval.prompt.Templates;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.PromptKind;
import io.aicoder.eval.task.PythonFunction;
import io.aicoder.eval.task.Task;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes the program (imports and function) out of a model's answer.
 *
 * <p>A fenced block is looked into first: the one that defines the task's function, else the first.
 * Text with a line {@code def <function>(} is the whole code; around unfenced code of this kind,
 * prose is cut away where Python's own parser says that it is none. Any other text is the
 * function's body: the task's imports, signature and docstring are put before it, and its first
 * line, whose indentation chat templates trim, is indented again. A body is never cut: what does
 * not parse stays a syntax error. For a task whose prompt is prose it is the program, and for one
 * whose prompt has a gap it is what fills that.
 *
 * <p>Safe for use by several threads as far as the sandbox is.
 */
public final class ProgramExtractor {

  private static final int FLAGS = Pattern.MULTILINE | Pattern.UNIX_LINES;
  private static final Pattern FENCE = Pattern.compile("^ {0,3}```[^`\\n]*(?:\\n|\\z)", FLAGS);
  private static final Pattern STRAY_FENCE =
      Pattern.compile("\\n?```[ \\t\\n\\x0B\\f\\r]*\\z", Pattern.UNIX_LINES);

  /** What DS-1000's prompts put around the gap, and models repeat. */
  private static final Pattern SOLUTION_START =
      Pattern.compile("\\A\\s*(?:<code>|BEGIN SOLUTION)[ \\t]*\\n?");

  private static final Pattern SOLUTION_END =
      Pattern.compile("</code>|^[# \\t]*END SOLUTION|^ {0,3}```", FLAGS);

  private static final String FIND_CODE =
      Templates.resource(ProgramExtractor.class, "find_code.py").stripTrailing();

  private final Sandbox sandbox;

  /**
   * Makes an extractor.
   *
   * @param sandbox where Python parses answers; they are not run. Stays the caller's
   */
  public ProgramExtractor(Sandbox sandbox) {
    this.sandbox = sandbox;
  }

  /**
   * Takes the program out of an answer.
   *
   * @param task the task that was asked about
   * @param answer the model's answer, whole
   * @return imports and function; empty when the answer is blank
   * @throws io.aicoder.error.AiCoderException when the sandbox is closed or cannot be started
   */
  public String extract(Task task, String answer) {
    if (task.form().prompt() == PromptKind.INSERTION) {
      return snippet(answer);
    }
    PythonFunction function = task.function();
    String text = PythonText.stripLineFeeds(answer);
    List<String> blocks = fencedBlocks(text);
    String before = beforeFences(text);
    boolean fenced = !blocks.isEmpty();
    if (fenced
        && defines(before, function)
        && blocks.stream().noneMatch(b -> defines(b, function))) {
      // The prompt may have opened the fence already, or the blocks show a use of the function.
      text = before;
      fenced = false;
    } else if (fenced) {
      text = blocks.stream().filter(b -> defines(b, function)).findFirst().orElse(blocks.get(0));
    } else {
      text = STRAY_FENCE.matcher(text).replaceFirst("");
    }
    if (PythonText.strip(text).isEmpty()) {
      return "";
    }
    if (defines(text, function)) {
      return fenced ? text : withoutProse(text, function.name());
    }
    return task.form().prompt() == PromptKind.INSTRUCTION
        ? text
        : task.withBody(PythonText.indentation(text) + PythonText.strip(text));
  }

  /** Takes what fills a gap: its indentation is part of it. */
  private static String snippet(String answer) {
    List<String> blocks = fencedBlocks(answer);
    String text = blocks.isEmpty() ? answer : blocks.get(0);
    text = SOLUTION_START.matcher(text).replaceFirst("");
    Matcher end = SOLUTION_END.matcher(text);
    text = PythonText.stripLineFeeds(end.find() ? text.substring(0, end.start()) : text);
    return PythonText.strip(text).isEmpty() ? "" : text;
  }

  private static boolean defines(String text, PythonFunction function) {
    return Pattern.compile("^def " + Pattern.quote(function.name()) + "\\(", FLAGS)
        .matcher(text)
        .find();
  }

  private static String beforeFences(String text) {
    Matcher fence = FENCE.matcher(text);
    return fence.find() ? PythonText.stripLineFeeds(text.substring(0, fence.start())) : text;
  }

  /** Returns the first fenced block of an answer, or all of it when there is none. */
  static String firstBlock(String answer) {
    List<String> blocks = fencedBlocks(answer);
    return blocks.isEmpty() ? STRAY_FENCE.matcher(answer).replaceFirst("") : blocks.get(0);
  }

  /** Returns what stands between fences; an open last block reaches to the end. */
  private static List<String> fencedBlocks(String text) {
    List<String> blocks = new ArrayList<>();
    Matcher fence = FENCE.matcher(text);
    int start = -1;
    while (fence.find()) {
      if (start >= 0) {
        blocks.add(PythonText.stripLineFeeds(text.substring(start, fence.start())));
        start = -1;
      } else if (!isClosing(text, fence)) {
        start = fence.end();
      }
    }
    if (start >= 0) {
      blocks.add(PythonText.stripLineFeeds(text.substring(start)));
    }
    return blocks;
  }

  /** A bare fence with nothing behind it opens no block. */
  private static boolean isClosing(String text, Matcher fence) {
    return PythonText.strip(text.substring(fence.end())).isEmpty();
  }

  private String withoutProse(String text, String name) {
    String encoded = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    String program =
        "import base64\nANSWER = base64.b64decode(\""
            + encoded
            + "\").decode(\"utf-8\")\nNAME = \""
            + name
            + "\"\n"
            + FIND_CODE
            + "\n";
    Execution execution = sandbox.run(program, Limits.DEFAULT);
    Matcher range = Pattern.compile("(\\d{1,9}) (\\d{1,9})\\s*").matcher(execution.stdout());
    if (!range.matches()) {
      return text;
    }
    String[] lines = text.split("\n", -1);
    int end = Math.min(Integer.parseInt(range.group(2)), lines.length);
    int start = Math.min(Integer.parseInt(range.group(1)), end);
    return String.join("\n", Arrays.asList(lines).subList(start, end));
  }
}
