package io.aicoder.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.text.ChatTemplate;
import io.aicoder.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Records become the tokens and labels that transformers makes of them. */
class RecordTokenizerTest {

  /** Where the core's tests keep tokenizers of the structures that published ones have. */
  private static final Path TOKENIZERS = Path.of("../aicoder-core/src/test/resources/tokenizers");

  private static final RecordTokenizer.Options DEFAULT =
      new RecordTokenizer.Options(true, false, true);

  private final Path folder;

  RecordTokenizerTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @TestFactory
  List<DynamicTest> tokensAreThoseOfTransformers() {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode template : Nano.recording().path("templates")) {
      for (JsonNode expected : template.path("cases")) {
        String name = template.path("name").asText() + ": " + expected.path("name").asText();
        tests.add(
            dynamicTest(
                name,
                () -> {
                  String text = template.path("template").asText();
                  Path directory = Nano.tokenizer(Nano.BASE, folder.resolve(name), text);
                  JsonNode options = expected.path("options");
                  RecordTokenizer.Options given =
                      new RecordTokenizer.Options(
                          options.path("completion_only").asBoolean(true),
                          options.path("last_answer_only").asBoolean(false),
                          options.path("end_of_text").asBoolean(true));
                  String line = expected.path("record").toString();
                  TrainingExample example = tokenize(directory, given, line);
                  assertThat(ids(example)).isEqualTo(numbers(expected.path("ids")));
                  assertThat(labels(example)).isEqualTo(numbers(expected.path("labels")));
                }));
      }
    }
    assertThat(tests).hasSize(58);
    return tests;
  }

  @Test
  void answersAreFoundWhereTheTokenizerPutsBlanksBeforeTexts() throws IOException {
    String template =
        "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}"
            + "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% else %}"
            + "{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}";
    for (String name : List.of("llama2", "mistral_metaspace")) {
      Path directory = Nano.tokenizer(TOKENIZERS.resolve(name), folder.resolve(name), template);
      TrainingExample example =
          tokenize(
              directory,
              DEFAULT,
              """
              {"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"},
              {"role": "user", "content": "three"}, {"role": "assistant", "content": "four"}]}"""
                  .replace("\n", ""));
      try (Tokenizer tokenizer = Tokenizer.open(directory)) {
        String whole = "<s>[INST] one [/INST] two</s>[INST] three [/INST] four</s>";
        int end = Objects.requireNonNull(tokenizer.specialToken("eos_token"));
        assertThat(ids(example)).isEqualTo(tokenizer.encode(whole, false));
        List<Integer> learned =
            labels(example).stream().filter(label -> label != TrainingExample.IGNORED).toList();
        assertThat(learned).filteredOn(label -> label == end).hasSize(2);
        assertThat(tokenizer.decode(learned).replace(" ", "")).isEqualTo("twofour");
      }
    }
  }

  @Test
  void aTemplateThatRewritesWhatWasSaidIsRefused() throws IOException {
    Path directory =
        Nano.tokenizer(
            Nano.BASE,
            folder.resolve("t"),
            "{% for message in messages %}{% if message['role'] == 'assistant' and not loop.last %}"
                + "{{ 'A: ...' }}{% else %}{{ message['role'] + ': ' + message['content'] }}"
                + "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}");
    String line =
        """
        {"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"},\
         {"role": "user", "content": "three"}, {"role": "assistant", "content": "four"}]}""";
    assertThatThrownBy(() -> tokenize(directory, DEFAULT, line))
        .isInstanceOf(AiCoderException.class)
        .hasMessage(
            folder.resolve("data.jsonl")
                + ": line 1: message 2 is rendered otherwise by the checkpoint's chat template when"
                + " it is the last one, so that its tokens cannot be told; train on last answers"
                + " only (optLastAnswerOnly), or leave the record out");
    RecordTokenizer.Options lastOnly = new RecordTokenizer.Options(true, true, true);
    TrainingExample example = tokenize(directory, lastOnly, line);
    try (Tokenizer tokenizer = Tokenizer.open(directory)) {
      assertThat(labels(example))
          .endsWith(tokenizer.encode("four", false).toArray(Integer[]::new))
          .filteredOn(label -> label != TrainingExample.IGNORED)
          .hasSize(tokenizer.count("four"));
    }
  }

  @Test
  void whatTheTemplateRefusesIsToldWithItsPlace() throws IOException {
    Path directory =
        Nano.tokenizer(
            Nano.BASE, folder.resolve("t"), "{{ raise_exception('roles must alternate') }}");
    String line = "{\"instruction\": \"Sort.\", \"output\": \"x.sort()\"}";
    assertThatThrownBy(() -> tokenize(directory, DEFAULT, line))
        .isInstanceOf(AiCoderException.class)
        .hasMessage(
            folder.resolve("data.jsonl")
                + ": line 1: cannot be tokenized (the model's chat template refuses the"
                + " conversation: roles must alternate); correct the record or leave it out");
  }

  private TrainingExample tokenize(Path directory, RecordTokenizer.Options options, String line)
      throws IOException {
    Path file = Nano.write(folder.resolve("data.jsonl"), line);
    try (Tokenizer tokenizer = Tokenizer.open(directory);
        RecordFile records = RecordFile.open(file)) {
      JsonRecord record = Objects.requireNonNull(records.next());
      return new RecordTokenizer(tokenizer, ChatTemplate.open(directory), List.of(), options)
          .tokenize(RecordFormat.detect(record).read(record), record.source());
    }
  }

  private static List<Integer> ids(TrainingExample example) {
    return IntStream.range(0, example.length()).mapToObj(example::id).toList();
  }

  private static List<Integer> labels(TrainingExample example) {
    return IntStream.range(0, example.length()).mapToObj(example::label).toList();
  }

  private static List<Integer> numbers(JsonNode list) {
    return Stream.iterate(0, i -> i < list.size(), i -> i + 1)
        .map(i -> list.get(i).intValue())
        .toList();
  }
}
