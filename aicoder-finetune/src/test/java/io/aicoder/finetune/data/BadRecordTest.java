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
import org.junit.jupiter.params.provider.ValueSource;

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
          {"a": 1, "question": "b"}                | has the fields a, question, which tell no format; name them as one of the formats does: messages or conversations (chat); instruct and answer (AICoderEval); instruction, input and output; prompt and completion; text. See docs/finetune.md
          {}                                       | is an empty object; name them as one of the formats does: messages or conversations (chat); instruct and answer (AICoderEval); instruction, input and output; prompt and completion; text. See docs/finetune.md
          {"prompt": "a", "chosen": "b", "rejected": "c"} | looks like a pair of preferences (DPO: chosen, rejected), which are not trained on; give prompt and the chosen answer as prompt and completion, or as messages
          {"chosen": [], "rejected": []}           | looks like a pair of preferences (DPO: chosen, rejected), which are not trained on; give prompt and the chosen answer as prompt and completion, or as messages
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
          {"messages": [{"role": "user", "content": "a"}, {"role": "Assistant", "content": "b"}]} | field messages[1].role is 'Assistant', which is no known role; write one of system, developer, user, assistant, tool, ipython, function (of ShareGPT, too: bot, gpt, human)
          {"conversations": [{"from": "human", "value": "a"}, {"from": "chatgpt", "value": "b"}]} | field conversations[1].from is 'chatgpt', which is no known role; write one of system, developer, user, assistant, tool, ipython, function (of ShareGPT, too: bot, gpt, human)
          {"prompt": [{"role": "me", "content": "a"}], "completion": [{"role": "assistant", "content": "b"}]} | field prompt[0].role is 'me', which is no known role; write one of system, developer, user, assistant, tool, ipython, function (of ShareGPT, too: bot, gpt, human)
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

  @ParameterizedTest
  @ValueSource(strings = {"assistant", "gpt", "bot"})
  void namesOfTheAssistantAreLearned(String name) throws IOException {
    String record =
        "{\"conversations\": [{\"from\": \"human\", \"value\": \"Sort.\"}, {\"from\": \"%s\","
            + " \"value\": \"x.sort()\"}]}";
    Path file = Nano.write(folder.resolve("chat.jsonl"), GOOD, record.formatted(name));
    assertThat(Nano.data(file).build().training())
        .extracting(TrainingExample::lossTokens)
        .hasSize(2)
        .containsOnly(5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"system", "developer", "tool", "ipython", "function"})
  void otherRolesAreShownAndNotLearned(String name) throws IOException {
    String record =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"Sort.\"}, {\"role\": \"%s\","
            + " \"content\": \"x\"}, {\"role\": \"assistant\", \"content\": \"x.sort()\"}]}";
    Path file = Nano.write(folder.resolve("chat.jsonl"), record.formatted(name));
    TrainingExample example = Nano.data(file).build().training().get(0);
    assertThat(example.lossTokens()).isEqualTo(5);
  }

  @Test
  void whatIsNotJsonIsRefused() throws IOException {
    Path torn = Nano.write(folder.resolve("torn.jsonl"), GOOD, "{\"text\": \"a", GOOD);
    refusesLike(torn, torn + ": line 2: is not JSON (Illegal unquoted character");
    Path words = Nano.write(folder.resolve("words.jsonl"), GOOD, "text: a");
    refusesLike(words, words + ": line 2: is not JSON (Unrecognized token 'text'");
    Path open = Nano.write(folder.resolve("open.json"), "[" + GOOD + ",", GOOD);
    refusesLike(open, open + ": line 2: is not JSON (Unexpected end-of-input");
    Path latin = folder.resolve("latin.jsonl");
    Files.write(latin, "{\"text\": \"Größe\"}".getBytes(StandardCharsets.ISO_8859_1));
    refusesLike(latin, latin + ": line 1: is not JSON (Invalid UTF-8");
  }

  /** Jackson tells where a file ends, which is behind the last line. */
  @ParameterizedTest
  @ValueSource(strings = {"{\"instruction\": \"Sort.\", \"outp", "{\"text\": \"a\"", "{\"a\":"})
  void aLastLineThatIsCutOffIsNamed(String last) throws IOException {
    for (String end : new String[] {"", "\n", "\n\n"}) {
      if (last.contains("outp") && !end.isEmpty()) {
        continue; // a line end within a text is another error
      }
      Path cut =
          Files.writeString(folder.resolve("cut.jsonl"), GOOD + "\n" + GOOD + "\n" + last + end);
      assertThatThrownBy(() -> Nano.data(cut).build())
          .isInstanceOf(AiCoderException.class)
          .hasMessageStartingWith(cut + ": line 3: is not JSON (Unexpected end-of-input")
          .hasMessageEndingWith(": it is cut off); write one JSON object a line, or one JSON array")
          .hasMessageNotContainingAny("Source", "REDACTED", "StreamReadFeature");
    }
  }

  @Test
  void aRecordWithoutItsEndIsNamedAndNotTheNextOne() throws IOException {
    Path file = Nano.write(folder.resolve("data.jsonl"), GOOD, "{\"text\": \"a\"", GOOD);
    refusesLike(file, file + ": line 2: is not JSON (Unexpected character ('{' (code 123))");
    assertThatThrownBy(() -> Nano.data(file).build())
        .hasMessageContaining(", in line 3, column 1)")
        .hasMessageNotContainingAny("Source", "REDACTED");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          prompt,completion                | looks like CSV, with the columns prompt,completion
          "instruction","output","the rest" | looks like CSV, with the columns "instruction","output","the rest"
          id;text                          | looks like CSV, with the columns id;text
          PAR1                             | is a Parquet file
          ARROW1                           | is an Arrow file
          """)
  void filesOfOtherFormatsAreNamed(String first, String problem) throws IOException {
    Path file = Nano.write(folder.resolve("data.jsonl"), first, "a,b");
    refuses(
        file,
        file
            + ": "
            + problem
            + "; write its rows as JSON lines, one object a row (with pandas: to_json(path,"
            + " orient=\"records\", lines=True))");
  }

  @Test
  void filesThatCannotBeReadAreRefused() throws IOException {
    Path absent = folder.resolve("absent.jsonl");
    refuses(absent, absent + ": does not exist; check the path");
    Path cut = folder.resolve("cut.jsonl.gz");
    byte[] whole = Files.readAllBytes(Nano.TRAIN);
    Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
    refusesLike(cut, cut + ": is gzipped and damaged or cut off (");
    refuses(folder, folder + ": is a folder; name its files");
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
