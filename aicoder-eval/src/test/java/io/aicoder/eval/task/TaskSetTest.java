package io.aicoder.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.Examples;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskSetTest {

  private static final String WHOLE =
      "{\"path\":\"a\",\"function_import\":\"import re\","
          + "\"function_code\":\"def f(x):\\n    \\\"\\\"\\\"Do.\\\"\\\"\\\"\\n    return x\","
          + "\"test_function_code\":\"def test_f():\\n    pass\","
          + "\"call_test_function_line\":\"test_f()\"}";

  private final Path folder;

  TaskSetTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path file(String... lines) throws IOException {
    return Files.writeString(folder.resolve("tasks.jsonl"), String.join("\n", lines) + "\n");
  }

  @Test
  void loadsTheNanoTasks() {
    TaskSet tasks = Examples.nano();

    assertThat(tasks.size()).isEqualTo(125);
    Task first = tasks.tasks().get(0);
    assertThat(first.id()).isEqualTo("test/00000");
    assertThat(first.domain()).isEqualTo("computer vision");
    assertThat(first.function().name()).isEqualTo("run_count_blobs");
    assertThat(tasks.domain("computer vision").size()).isEqualTo(20);
    assertThat(tasks.library("torch").size()).isEqualTo(33);
  }

  @Test
  void cutsTheNanoFunctionsWhereTheReferenceMeasurementDid() {
    // The expression of evaluate.py, examples/nano/recipe.
    Pattern signature = Pattern.compile("^.*?\"\"\".*?\"\"\"\\n", Pattern.DOTALL);
    for (Task task : Examples.nano()) {
      Matcher matcher = signature.matcher(task.functionCode());
      assertThat(matcher.find()).isTrue();
      assertThat(task.function().head()).isEqualTo(matcher.group());
      assertThat(task.function().body()).isEqualTo(task.answer());
      assertThat(task.imports() + "\n\n" + task.function().head()).isEqualTo(task.instruction());
    }
  }

  @Test
  void derivesWhatARecordLeavesOut() throws IOException {
    Task task = TaskSet.load(file("", WHOLE.replace("\"path\":\"a\",", ""))).tasks().get(0);

    assertThat(task.id()).isEqualTo("tasks.jsonl:2");
    assertThat(task.instruction()).isEqualTo("import re\n\ndef f(x):\n    \"\"\"Do.\"\"\"\n");
    assertThat(task.answer()).isEqualTo("    return x");
    assertThat(task.program("CODE")).isEqualTo("CODE\n\ndef test_f():\n    pass\n\ntest_f()\n");
  }

  @Test
  void takesAWholeFileApartAtItsMarkerLines() throws IOException {
    String content =
        "# requirements_file --------------------\\n\\n!pip install -U torch\\n\\n"
            + "# function_import --------------------\\n\\nimport torch\\n\\n"
            + "# function_code --------------------\\n\\ndef f(x):\\n    return x\\n\\n\\n"
            + "# test_function_code --------------------\\n\\ndef test_f():\\n    pass\\n\\n"
            + "# call_test_function_line --------------------\\n\\ntest_f()";
    Task task =
        TaskSet.load(file("{\"path\":\"b\",\"content\":\"" + content + "\"}")).tasks().get(0);

    assertThat(task.requirements()).isEqualTo("!pip install -U torch");
    assertThat(task.imports()).isEqualTo("import torch");
    assertThat(task.functionCode()).isEqualTo("def f(x):\n    return x");
    assertThat(task.testCode()).isEqualTo("def test_f():\n    pass");
    assertThat(task.callLine()).isEqualTo("test_f()");
    assertThat(task.instruction()).isEqualTo("import torch\n\ndef f(x):\n");
  }

  @Test
  void readsGzip() throws IOException {
    Path file = folder.resolve("tasks.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(WHOLE.getBytes(StandardCharsets.UTF_8));
    }
    assertThat(TaskSet.load(file).ids()).containsExactly("a");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"path\": | line 2: is not JSON | write one JSON object a line",
        "[1] | line 2: is a JSON array | write one JSON object a line",
        "{\"content\": 7} | line 2: field content: is a JSON number | write it as text",
        "{\"path\": \"b\"} | line 2: field function_code: is absent | add the field",
        "{\"kind\": \"repair\"} | line 2: field kind: a 'repair' record is no benchmark task | 'generate' records only",
        "{\"function_code\": \"x = 1\", \"test_function_code\": \"def test_f():\"} | line 2: field function_code: defines no function | def line",
        "{\"function_code\": \"def f(): 1\", \"test_function_code\": \"pass\"} | line 2: field call_test_function_line: is absent | add the line",
      })
  void refusesABadRecordByFileLineFieldAndRemedy(String line, String problem, String remedy)
      throws IOException {
    Path file = file(WHOLE, line);
    assertThatThrownBy(() -> TaskSet.load(file))
        .isInstanceOfSatisfying(
            AiCoderException.class, e -> assertThat(e.category()).isEqualTo(ErrorCategory.INPUT))
        .hasMessageStartingWith(file + ": " + problem)
        .hasMessageContaining(remedy);
  }

  @Test
  void refusesAnIdThatIsTaken() throws IOException {
    Path file = file(WHOLE, WHOLE);
    assertThatThrownBy(() -> TaskSet.load(file))
        .hasMessage(
            file
                + ": line 2: field path: 'a' names the task of line 1 already;"
                + " give every record a path of its own");
  }

  @Test
  void refusesFilesThatHoldNoTasks() throws IOException {
    Path empty = file("");
    assertThatThrownBy(() -> TaskSet.load(empty)).hasMessageContaining("holds no task");
    Path absent = folder.resolve("absent.jsonl");
    assertThatThrownBy(() -> TaskSet.load(absent)).hasMessageContaining("cannot be read");
    Path binary = folder.resolve("binary.jsonl");
    Files.write(binary, new byte[] {'{', (byte) 0xFF, '}'});
    assertThatThrownBy(() -> TaskSet.load(binary)).hasMessageContaining("line 1: is not UTF-8");
  }

  @Test
  void selectsByName() {
    TaskSet tasks = Examples.tasks(4);

    assertThat(tasks.only(List.of("test/2", "test/0")).ids()).containsExactly("test/0", "test/2");
    assertThat(tasks.without(List.of("test/2")).size()).isEqualTo(3);
    assertThat(tasks.first(2).ids()).containsExactly("test/0", "test/1");
    assertThatThrownBy(() -> tasks.only(List.of("test/9")))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("test/9");
  }
}
