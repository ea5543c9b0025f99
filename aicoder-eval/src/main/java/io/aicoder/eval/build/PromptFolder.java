package io.aicoder.eval.build;

import io.aicoder.eval.build.source.Section;
import io.aicoder.eval.prompt.Templates;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The prompts of the dataset builder as Jinja templates: {@code generate.jinja} asks for a function
 * in the paper's six instructions, {@code reshape.jinja} says what is wrong with the form of an
 * answer, {@code repair.jinja} says how running it went. Whatever looks like Jinja in the values
 * stays as it is. Immutable and safe for several threads.
 */
public final class PromptFolder {

  private static final int SHOWN_CHARACTERS = 4000;

  private static final String GENERATE = "generate.jinja";
  private static final String RESHAPE = "reshape.jinja";
  private static final String REPAIR = "repair.jinja";
  private static final List<String> NAMES = List.of(GENERATE, RESHAPE, REPAIR);

  private final Templates templates;

  private PromptFolder(Templates templates) {
    this.templates = templates;
  }

  /** Returns the library's own templates. */
  public static PromptFolder standard() {
    return new PromptFolder(Templates.of(PromptFolder.class, NAMES));
  }

  /**
   * Reads templates from a folder; the library's own stand in for files that are not there.
   *
   * @param folder holds {@code generate.jinja} (knows {@code library}, {@code headings}, {@code
   *     text} and {@code installed}), {@code reshape.jinja} ({@code problems}, a list) or {@code
   *     repair.jinja} ({@code problem}, {@code output}, {@code error})
   * @throws io.aicoder.error.AiCoderException (INPUT) when there is no such folder, or a file
   *     cannot be read or is no template of these names
   */
  public static PromptFolder load(Path folder) {
    PromptFolder prompts = new PromptFolder(Templates.load(folder, PromptFolder.class, NAMES));
    prompts.generate(new Section("", "", null, List.of(), "line", 0, 0, ""), List.of());
    prompts.reshape(List.of());
    prompts.repair("", "", "");
    return prompts;
  }

  String generate(Section section, List<String> installed) {
    return render(
        GENERATE,
        Map.of(
            "library", section.library(),
            "headings", String.join(" > ", section.headings()),
            "text", section.text(),
            "installed", String.join(", ", installed)));
  }

  String reshape(List<String> problems) {
    return render(RESHAPE, Map.of("problems", problems));
  }

  String repair(String problem, String output, String error) {
    return render(REPAIR, Map.of("problem", problem, "output", tail(output), "error", tail(error)));
  }

  private static String tail(String text) {
    String stripped = text.strip();
    return stripped.length() <= SHOWN_CHARACTERS
        ? stripped
        : "…" + stripped.substring(stripped.length() - SHOWN_CHARACTERS);
  }

  private String render(String name, Map<String, Object> values) {
    return templates.render(name, values).strip();
  }
}
