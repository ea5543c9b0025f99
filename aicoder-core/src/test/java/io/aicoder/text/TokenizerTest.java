package io.aicoder.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.ModelDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {

  private static final int BEGIN_OF_TEXT = 4090;

  @Test
  void theBeginTokenIsAddedOnceAndOnlyWhenAsked() {
    try (Tokenizer tokenizer = Tokenizer.open(ModelDirectory.NANO)) {
      assertThat(tokenizer.encode("x", true)).hasSize(2).startsWith(BEGIN_OF_TEXT);
      assertThat(tokenizer.encode("x", false)).doesNotContain(BEGIN_OF_TEXT);
      assertThat(tokenizer.encode("<|begin_of_text|>x", false))
          .startsWith(BEGIN_OF_TEXT)
          .hasSize(2);
    }
  }

  @Test
  void specialTokensAreKnownByTheirNames() {
    try (Tokenizer tokenizer = Tokenizer.open(ModelDirectory.NANO)) {
      assertThat(tokenizer.specialToken("bos_token")).isEqualTo(BEGIN_OF_TEXT);
      assertThat(tokenizer.specialToken("eos_token")).isEqualTo(4095);
      assertThat(tokenizer.specialToken("mask_token")).isNull();
    }
  }

  @Test
  void nothingIsTruncated() {
    try (Tokenizer tokenizer = Tokenizer.open(ModelDirectory.NANO)) {
      String text = "word ".repeat(5000);
      assertThat(tokenizer.decode(tokenizer.encode(text, false))).isEqualTo(text);
      assertThat(tokenizer.count(text)).isEqualTo(tokenizer.encode(text, false).size());
    }
  }

  @Test
  void oddTextsAndIdsDoNoHarm() {
    try (Tokenizer tokenizer = Tokenizer.open(ModelDirectory.NANO)) {
      assertThat(tokenizer.encode("", false)).isEmpty();
      assertThat(tokenizer.decode(List.of())).isEmpty();
      assertThat(tokenizer.decode(List.of(-1, 99_999, Integer.MAX_VALUE))).isEmpty();
      assertThat(tokenizer.decode(tokenizer.encode("a\uD800b", false))).contains("\uFFFD");
    }
  }

  @Test
  void aClosedTokenizerSaysSo() {
    Tokenizer tokenizer = Tokenizer.open(ModelDirectory.NANO);
    tokenizer.close();
    tokenizer.close();
    for (Runnable use :
        List.<Runnable>of(
            () -> tokenizer.encode("x", false),
            () -> tokenizer.count("x"),
            () -> tokenizer.decode(List.of(1)))) {
      assertThatThrownBy(use::run)
          .isInstanceOfSatisfying(
              AiCoderException.class,
              e -> assertThat(e.category()).isEqualTo(ErrorCategory.EXECUTION))
          .hasMessage("the model is closed: keep it open while requests run");
    }
  }

  @Test
  void anAbsentFileIsNamed(@TempDir Path directory) {
    assertThatThrownBy(() -> Tokenizer.open(directory))
        .isInstanceOf(AiCoderException.class)
        .hasMessage(
            directory
                + ": has no tokenizer.json: download it, or convert tokenizer.model with transformers");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "garbage",
        "[]",
        "7",
        "null",
        "{}",
        "{\"model\": 7}",
        "{\"model\": {}}",
        "{\"model\": {\"type\": \"BPE\"}}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}",
        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"x y\"]}}",
        "{\"model\": {\"type\": \"Unigram\", \"vocab\": [], \"unk_id\": 5}}",
      })
  void whatIsNoTokenizerIsRefused(String content, @TempDir Path directory) throws IOException {
    Files.writeString(directory.resolve("tokenizer.json"), content);
    assertRefused(directory);
  }

  @Test
  void aRegularExpressionThatIsNoneIsRefused(@TempDir Path directory) {
    damaged(
        directory,
        root -> root.withObject("/pre_tokenizer/pretokenizers/0/pattern").put("Regex", "((("));
    assertRefused(directory);
  }

  /** The native library would abort the JVM over each of these. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "normalizer    | {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"\"}",
        "normalizer    | {\"type\": \"Prepend\", \"prepend\": \"\"}",
        "pre_tokenizer | {\"type\": \"FixedLength\", \"length\": 0}",
        "pre_tokenizer | {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"FixedLength\", \"length\": 0}]}",
        "normalizer    | {\"type\": \"Strip\", \"strip_left\": true, \"strip_right\": true}",
        "normalizer    | {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"a*\"}, \"content\": \"b\"}",
        "normalizer    | {\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"\"}",
        "decoder       | {\"type\": \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 1}",
        "post_processor | {\"type\": \"TemplateProcessing\", \"single\": [{\"Sequence\": {\"id\": \"B\", \"type_id\": 0}}], \"pair\": [], \"special_tokens\": {}}",
        "post_processor | {\"type\": \"TemplateProcessing\", \"single\": [], \"pair\": [], \"special_tokens\": {}}",
        "added_tokens  | [{\"id\": 7, \"content\": \" \", \"rstrip\": true, \"lstrip\": false, \"single_word\": false, \"normalized\": true, \"special\": true}]",
        "model         | {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2}, \"merges\": [\"a b\"], \"continuing_subword_prefix\": \"long\"}",
      })
  void aPartThatNoLlamaHasIsRefused(String field, String part, @TempDir Path directory) {
    damaged(directory, root -> root.putRawValue(field, new RawValue(part)));
    assertRefused(directory);
  }

  /** The steps of Llama 2's tokenizer, which is not byte-level. */
  @Test
  void theStepsOfLlama2AreTaken(@TempDir Path directory) throws IOException {
    Files.writeString(
        directory.resolve("tokenizer.json"),
        """
        {"added_tokens": [], "pre_tokenizer": null, "post_processor": null,
         "normalizer": {"type": "Sequence", "normalizers": [
          {"type": "Prepend", "prepend": "▁"},
          {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
         "decoder": {"type": "Sequence", "decoders": [
          {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
          {"type": "ByteFallback"}, {"type": "Fuse"},
          {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
         "model": {"type": "BPE", "byte_fallback": true, "merges": [],
          "vocab": {"x": 0, "y": 1, "▁": 2, "<0xC3>": 3, "<0xA9>": 4}}}
        """);
    try (Tokenizer tokenizer = Tokenizer.open(directory)) {
      List<Integer> ids = tokenizer.encode("x yé", false);
      assertThat(ids).containsExactly(2, 0, 2, 1, 3, 4);
      assertThat(tokenizer.decode(ids)).isEqualTo("x yé");
      Detokenizer detokenizer = new Detokenizer(tokenizer);
      assertThat(ids.stream().map(detokenizer::add).toList())
          .containsExactly("", "x", " ", "y", "", "é");
    }
  }

  /** Here too the native library would abort the JVM, when it encodes. */
  @Test
  void aTemplateWithATokenThatIsNotDefinedIsRefused(@TempDir Path directory) {
    damaged(
        directory,
        root ->
            root.withObject("/post_processor/processors/1")
                .withObject("/special_tokens")
                .removeAll());
    assertRefused(directory);
  }

  private static void damaged(Path directory, java.util.function.Consumer<ObjectNode> change) {
    ModelDirectory.copy(ModelDirectory.NANO, directory).edit("tokenizer.json", change);
  }

  private static void assertRefused(Path directory) {
    assertThatThrownBy(() -> Tokenizer.open(directory))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.CHECKPOINT))
        .hasMessageContaining(directory.resolve("tokenizer.json") + ": not a tokenizer (");
  }
}
