package io.aicoder.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.ChatMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a chat template and its special tokens come from, and what a damaged file says. */
class ChatTemplateFileTest {

  @Test
  void aCheckpointMayHaveNoTemplate(@TempDir Path directory) throws IOException {
    assertThat(ChatTemplate.open(directory)).isNull();
    write(directory, "{\"chat_template\": null}");
    assertThat(ChatTemplate.open(directory)).isNull();
  }

  @Test
  void specialTokensAreTextsOrObjects(@TempDir Path directory) throws IOException {
    write(
        directory,
        """
        {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": null,
         "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ pad_token }}"}
        """);
    assertThat(render(directory)).isEqualTo("<s>Hi</s>");
  }

  @Test
  void theDefaultOfSeveralTemplatesIsTaken(@TempDir Path directory) throws IOException {
    write(
        directory,
        """
        {"chat_template": [{"name": "rag", "template": "no"}, {"name": "default", "template": "yes"}]}
        """);
    assertThat(render(directory)).isEqualTo("yes");
  }

  @Test
  void aFileOfItsOwnComesFirst(@TempDir Path directory) throws IOException {
    write(directory, "{\"bos_token\": \"<s>\", \"chat_template\": \"old\"}");
    Files.writeString(directory.resolve("chat_template.jinja"), "{{ bos_token }}new\n");
    assertThat(render(directory)).isEqualTo("<s>new");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{            | not valid JSON",
        "[]           | does not hold a JSON object",
        "''           | does not hold a JSON object",
        "{\"chat_template\": 7} | chat_template must be a text or a list of named templates",
        "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"\"}]} | none named 'default' among [rag]",
      })
  void aDamagedFileIsNamed(String content, String problem, @TempDir Path directory)
      throws IOException {
    write(directory, content);
    assertThatThrownBy(() -> ChatTemplate.open(directory))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.CHECKPOINT))
        .hasMessageContaining(directory.resolve("tokenizer_config.json").toString())
        .hasMessageContaining(problem);
  }

  /** Plain texts need no template. */
  @Test
  void aTemplateThatIsNotJinjaIsRefusedWhenItIsUsed(@TempDir Path directory) throws IOException {
    Files.writeString(directory.resolve("chat_template.jinja"), "a\n{% if %}");
    assertThatThrownBy(() -> render(directory))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("chat_template.jinja")
        .hasMessageContaining(
            "the chat template cannot be used, line 2: Syntax error in '{% if %}'");
  }

  @Test
  void aTemplateThatFailsIsNotTheRequestsFault(@TempDir Path directory) throws IOException {
    Files.writeString(directory.resolve("chat_template.jinja"), "\n{{ messages.nothing() }}");
    assertThatThrownBy(() -> render(directory))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.CHECKPOINT))
        .hasMessageContaining("chat_template.jinja")
        .hasMessageContaining("line 2: ");
  }

  @Test
  void datesAreEnglish() {
    assertThat(
            StrftimeFormat.format(
                "%A %a, %d %B %b %Y %y, day %j, %H:%M:%S, %I %p, 100%% %Q %",
                LocalDateTime.of(2025, 3, 9, 17, 5, 4)))
        .isEqualTo("Sunday Sun, 09 March Mar 2025 25, day 068, 17:05:04, 05 PM, 100% %Q %");
  }

  private static void write(Path directory, String config) throws IOException {
    Files.writeString(directory.resolve("tokenizer_config.json"), config);
  }

  private static String render(Path directory) {
    ChatTemplate template = Objects.requireNonNull(ChatTemplate.open(directory));
    return template.render(List.of(ChatMessage.user("Hi")), true);
  }
}
