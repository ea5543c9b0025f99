package io.aicoder.eval.agent;

import io.aicoder.eval.prompt.Templates;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The agents' prompts as Jinja templates: {@code program.jinja}, {@code suggest.jinja} and {@code
 * repair.jinja} of CoderGen, which shows the repairing model what the paper names: test output,
 * error traceback, code to be repaired, repair suggestion and instruction; {@code tests.jinja} for
 * tests of the model's own, and {@code react.jinja}. One line break at a template's end is not part
 * of the prompt.
 *
 * <p>A model that was trained on repair prompts wants them exactly as it saw them: output and error
 * are cut to their last 12 lines of 160 characters, and the code is shown without its docstring.
 * Whatever looks like Jinja in the values stays as it is. Immutable and safe for several threads.
 */
public final class PromptTemplates {

  private static final int LINES = 12;
  private static final int WIDTH = 160;
  private static final Pattern DOCSTRING =
      Pattern.compile("    \"\"\".*?\"\"\"\\n", Pattern.DOTALL | Pattern.UNIX_LINES);

  private static final String PROGRAM = "program.jinja";
  private static final String SUGGEST = "suggest.jinja";
  private static final String REPAIR = "repair.jinja";
  private static final String TESTS = "tests.jinja";
  private static final String REACT = "react.jinja";
  private static final List<String> NAMES = List.of(PROGRAM, SUGGEST, REPAIR, TESTS, REACT);

  private final Templates templates;

  private PromptTemplates(Templates templates) {
    this.templates = templates;
  }

  /** Returns the library's own templates, those that the nano model was trained with. */
  public static PromptTemplates standard() {
    return new PromptTemplates(Templates.of(PromptTemplates.class, NAMES));
  }

  /**
   * Reads templates from a folder; the library's own stand in for files that are not there.
   *
   * @param folder holds {@code program.jinja} (knows {@code instruction}), {@code suggest.jinja}
   *     ({@code output}, {@code error}, {@code code}), {@code repair.jinja} (these, {@code
   *     suggestion} and {@code instruction}), {@code tests.jinja} ({@code instruction}) or {@code
   *     react.jinja} ({@code instruction}, {@code tools}, a map of names to descriptions, and
   *     {@code transcript})
   * @throws io.aicoder.error.AiCoderException (INPUT) when there is no such folder, or a file
   *     cannot be read or is no template of these names
   */
  public static PromptTemplates load(Path folder) {
    PromptTemplates templates =
        new PromptTemplates(Templates.load(folder, PromptTemplates.class, NAMES));
    templates.program("");
    templates.suggest("", "", "");
    templates.repair("", "", "", "", "");
    templates.tests("");
    templates.react("", Map.of(), "");
    return templates;
  }

  /** Renders the prompt for a first program. */
  public String program(String instruction) {
    return templates.render(PROGRAM, Map.of("instruction", instruction));
  }

  /**
   * Renders the prompt for a repair suggestion.
   *
   * @param stdout all that the program wrote
   * @param stderr all that it wrote to standard error
   * @param code the program, without test
   */
  public String suggest(String stdout, String stderr, String code) {
    return templates.render(
        SUGGEST,
        Map.of("output", tail(stdout), "error", tail(stderr), "code", withoutDocstring(code)));
  }

  /**
   * Renders the prompt for a repaired program.
   *
   * @param stdout all that the program wrote
   * @param stderr all that it wrote to standard error
   * @param code the program, without test
   * @param suggestion what to do about it
   * @param instruction the task's instruction
   */
  public String repair(
      String stdout, String stderr, String code, String suggestion, String instruction) {
    return templates.render(
        REPAIR,
        Map.of(
            "output", tail(stdout),
            "error", tail(stderr),
            "code", withoutDocstring(code),
            "suggestion", suggestion,
            "instruction", instruction));
  }

  /** Renders the prompt for tests that the model writes itself. */
  public String tests(String instruction) {
    return templates.render(TESTS, Map.of("instruction", instruction));
  }

  /**
   * Renders the prompt for the next turn of ReAct.
   *
   * @param instruction the task's instruction
   * @param tools what each tool does, by its name, in their order
   * @param transcript all turns so far, empty at first
   */
  public String react(String instruction, Map<String, String> tools, String transcript) {
    return templates.render(
        REACT, Map.of("instruction", instruction, "tools", tools, "transcript", transcript));
  }

  /** Returns the texts of CoderGen's templates: what its drafts depend on. */
  public String text() {
    return String.join(
        "\u0000", templates.text(PROGRAM), templates.text(SUGGEST), templates.text(REPAIR));
  }

  private static String tail(String text) {
    return PythonText.lastLines(text, LINES, WIDTH);
  }

  static String withoutDocstring(String code) {
    Matcher docstring = DOCSTRING.matcher(code);
    return docstring.find()
        ? code.substring(0, docstring.start()) + code.substring(docstring.end())
        : code;
  }
}
