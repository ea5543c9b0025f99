package io.aicoder.eval.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.eval.Examples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptTemplatesTest {

  private static final Pattern PARTS =
      Pattern.compile(
          "Repair this code\\.\n\n\\*\\*output\\*\\*\n(.*?)\n\n\\*\\*error\\*\\*\n(.*?)"
              + "\n\n\\*\\*code to be repaired\\*\\*\n(.*?)\n\n\\*\\*repair suggestion\\*\\*\n(.*?)"
              + "\n\n\\*\\*instruction\\*\\*\n(.*)",
          Pattern.DOTALL);

  private final PromptTemplates templates = PromptTemplates.standard();

  @Test
  void rendersTheRepairPromptsThatTheNanoModelWasTrainedWith() throws IOException {
    // Made by examples/nano/recipe/make_tasks.py.
    List<String> lines =
        Files.readAllLines(Examples.repository().resolve("examples/nano/tasks/repair.jsonl"));
    assertThat(lines).hasSize(87);
    for (String line : lines) {
      JsonNode record = new ObjectMapper().readTree(line);
      String prompt = record.get("instruct").textValue();
      Matcher parts = PARTS.matcher(prompt);
      assertThat(parts.matches()).isTrue();
      assertThat(
              templates.repair(
                  parts.group(1),
                  uncut(parts.group(2)),
                  parts.group(3),
                  parts.group(4),
                  parts.group(5)))
          .isEqualTo(prompt);
      assertThat(templates.suggest(parts.group(1), uncut(parts.group(2)), parts.group(3)))
          .isEqualTo(
              prompt
                  .substring(0, prompt.indexOf("\n\n**repair suggestion**"))
                  .replaceFirst(
                      "Repair this code\\.", "Suggest in one sentence how to repair this code."));
    }
  }

  /** A text of twelve lines was cut: what was before it keeps its first line's indentation. */
  private static String uncut(String tail) {
    return tail.lines().count() == 12 ? "before\n" + tail : tail;
  }

  @Test
  void leavesWhatLooksLikeATemplateAlone() {
    String code = "x = {{1, 2}}\ny = \"{% raw %} {# no comment #} {{ output }}\"\n\n&<>'";
    assertThat(templates.program(code)).isEqualTo(code);
    assertThat(templates.suggest(code, "", "c"))
        .isEqualTo(
            "Suggest in one sentence how to repair this code.\n\n**output**\n"
                + code
                + "\n\n**error**\n\n\n**code to be repaired**\nc");
    assertThat(templates.program("line\n")).isEqualTo("line\n");
  }

  @Test
  void showsTheLastTwelveLinesAndNoDocstring() {
    StringBuilder output = new StringBuilder("\n");
    for (int i = 1; i <= 14; i++) {
      output.append("line ").append(i).append('\n');
    }
    String wide = "\uD83D\uDE00".repeat(161);
    String prompt =
        templates.suggest(
            output + " \n",
            wide + "\u00a0",
            "def f():\n    \"\"\"One.\n\n    Two.\n    \"\"\"\n    return \"\"\"three\"\"\"\n");
    assertThat(prompt)
        .contains("**output**\nline 3\nline 4\n")
        .contains("line 14\n\n**error**\n" + "\uD83D\uDE00".repeat(160) + "\n\n**code")
        .endsWith("def f():\n    return \"\"\"three\"\"\"\n");
  }

  @Test
  void takesEditedTemplates(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("program.jinja"), "Write:\n{{ instruction }}\n");
    PromptTemplates edited = PromptTemplates.load(folder);

    assertThat(edited.program("f")).isEqualTo("Write:\nf");
    assertThat(edited.suggest("a", "b", "c")).isEqualTo(templates.suggest("a", "b", "c"));
    assertThat(edited.text()).isNotEqualTo(templates.text());
  }

  @Test
  void refusesATemplateWithUnknownNames(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("repair.jinja"), "{{ traceback }}");
    assertThatThrownBy(() -> PromptTemplates.load(folder))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("repair.jinja")
        .hasMessageContaining("traceback");
    assertThatThrownBy(() -> PromptTemplates.load(folder.resolve("nowhere")))
        .hasMessageContaining("nowhere: is no folder");
  }
}
