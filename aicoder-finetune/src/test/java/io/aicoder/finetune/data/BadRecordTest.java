package io.aicoder.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A record that cannot be used is refused with its file, line and field, and with a remedy. */
class BadRecordTest {

  private static final String GOOD = "{\"instruction\": \"Sort.\", \"output\": \"x.sort()\"}";

  private final Path folder;

  BadRecordTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"a": 1}                                 | has none of the fields that tell a format: messages, instruct, instruction, prompt, text; name its fields as docs/finetune.md does
          "text"                                   | is a JSON string; write one JSON object a line
          {"text": 3}                              | field text is a JSON number; write it as text
          {"text": {"a": "b"}}                     | field text is a JSON object; write it as text
          {"instruction": "a"}                     | field output is absent; add it as text
          {"output": "a"}                          | field instruction is absent; add it as text
          {"instruction": "a", "output": null}     | field output is absent; add it as text
          {"instruction": "a", "output": "b", "history": [["c", "d"]]} | field history is not supported; write the record as messages
          {"prompt": "a"}                          | field completion is absent; add it as text
          {"completion": "a"}                      | field prompt is absent; add it as text
          {"prompt": [], "completion": "a"}        | field completion is a JSON string; write it as a list of objects
          {"messages": []}                         | field messages is empty; give one message at least
          {"messages": "a"}                        | field messages is a JSON string; write it as a list of objects
          {"messages": ["a"]}                      | field messages[0] is a JSON string; write it as an object
          {"messages": [{"content": "a"}]}         | field messages[0].role is absent; say who speaks: system, user or assistant
          {"messages": [{"role": "user"}]}         | field messages[0].content is absent; add it as text
          {"messages": [{"role": "user", "content": [{"type": "image"}]}]} | field messages[0].content[0].text is absent; add it as text
          {"messages": [{"role": "assistant", "content": "a"}]} | begins with an answer; begin the conversation with what is answered
          {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [{"id": "1"}]}]} | field messages[1].tool_calls is not supported; write the call into content, or leave the record out
          {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0.5}]} | field messages[1].weight is 0.5; write 0 or 1
          {"instruct": "a"}                        | field answer is absent, and so is function_code to take it from; add it, or function_code, or content with its marker lines
          {"content": "a = 1"}                     | field instruct is absent, and so is function_code to take it from; add it, or function_code, or content with its marker lines
          {"function_code": "a = 1"}               | field function_code defines no function; give the reference with its def line
          """)
  void recordsAreRefusedWithTheirPlace(String line, String message) throws IOException {
    Path file = Nano.write(folder.resolve("data.jsonl"), GOOD, "", line, GOOD);
    refuses(file, file + ": line 3: " + message);
  }

  @Test
  void whatIsNotJsonIsRefused() throws IOException {
    Path torn = Nano.write(folder.resolve("torn.jsonl"), GOOD, "{\"text\": \"a", GOOD);
    refusesLike(torn, torn + ": line 2: is not JSON (Illegal unquoted character");
    Path words = Nano.write(folder.resolve("words.jsonl"), GOOD, "text: a");
    refusesLike(words, words + ": line 2: is not JSON (Unrecognized token 'text'");
    Path open = Nano.write(folder.resolve("open.json"), "[" + GOOD + ",", GOOD);
    refusesLike(open, open + ": line ");
    Path latin = folder.resolve("latin.jsonl");
    Files.write(latin, "{\"text\": \"Größe\"}".getBytes(StandardCharsets.ISO_8859_1));
    refusesLike(latin, latin + ": line 1: is not JSON (Invalid UTF-8");
  }

  @Test
  void filesThatCannotBeReadAreRefused() throws IOException {
    Path absent = folder.resolve("absent.jsonl");
    refusesLike(absent, absent + ": cannot be read (java.nio.file.NoSuchFileException: ");
    Path cut = folder.resolve("cut.jsonl.gz");
    byte[] whole = Files.readAllBytes(Nano.TRAIN);
    Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
    refusesLike(cut, cut + ": cannot be read (java.io.EOFException: ");
    refusesLike(folder, folder + ": cannot be read (");
  }

  @Test
  void conversationsNeedAChatTemplate() throws IOException {
    Path directory = folder.resolve("model");
    Files.createDirectories(directory);
    for (String name : new String[] {"config.json", "tokenizer.json", "model.safetensors"}) {
      Files.copy(Nano.BASE.resolve(name), directory.resolve(name));
    }
    Path chat =
        Nano.write(
            folder.resolve("chat.jsonl"),
            "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}");
    assertThatThrownBy(() -> TrainingData.builder().setCheckpoint(directory).addFile(chat).build())
        .isInstanceOf(AiCoderException.class)
        .hasMessage(
            chat
                + ": line 1: is a conversation, and the checkpoint has no chat template; give prompt"
                + " and completion, or add chat_template.jinja to the checkpoint");
    // A question becomes a text with what follows it, closed by config.json's eos_token_id.
    Path question = Nano.write(folder.resolve("question.jsonl"), GOOD);
    TrainingExample example =
        TrainingData.builder().setCheckpoint(directory).addFile(question).build().training().get(0);
    assertThat(example.label(example.length() - 1)).isEqualTo(4095);
    assertThat(example.length()).isLessThan(12);
  }

  private static void refuses(Path file, String message) {
    assertThatThrownBy(() -> Nano.data(file).build())
        .isInstanceOf(AiCoderException.class)
        .hasMessage(message)
        .extracting(e -> ((AiCoderException) e).category())
        .isEqualTo(ErrorCategory.INPUT);
  }

  private static void refusesLike(Path file, String message) {
    assertThatThrownBy(() -> Nano.data(file).build())
        .isInstanceOf(AiCoderException.class)
        .hasMessageStartingWith(message)
        .hasMessageContaining(";");
  }
}
