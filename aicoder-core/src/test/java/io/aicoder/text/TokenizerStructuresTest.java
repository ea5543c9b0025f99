package io.aicoder.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tokenizers of the structures that published checkpoints have read and write as transformers does,
 * and a stream of tokens gives the text of all of them: {@code make_tiny_tokenizers.py}.
 */
class TokenizerStructuresTest {

  static List<String> structures() {
    return Recording.folders("tokenizers");
  }

  private static Tokenizer open(String structure) {
    return Tokenizer.open(Recording.path("tokenizers/" + structure));
  }

  private static JsonNode recorded(String structure, String part) {
    return Recording.read("tokenizers/" + structure + "/expected.json").get(part);
  }

  @ParameterizedTest
  @MethodSource("structures")
  void textsHaveTheIdsOfTransformers(String structure) {
    try (Tokenizer tokenizer = open(structure)) {
      for (JsonNode entry : recorded(structure, "texts")) {
        String text = entry.get("text").textValue();
        List<Integer> ids = Recording.ids(entry.get("plain_ids"));
        assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(ids);
        assertThat(tokenizer.count(text)).isEqualTo(ids.size());
        assertThat(tokenizer.decode(ids)).isEqualTo(entry.get("decoded").textValue());
      }
    }
  }

  /** But where the text begins with the begin token, which transformers would write twice. */
  @ParameterizedTest
  @MethodSource("structures")
  void promptsHaveTheIdsOfTransformersWithOneBeginToken(String structure) {
    int alone = 0;
    try (Tokenizer tokenizer = open(structure)) {
      for (JsonNode entry : recorded(structure, "texts")) {
        List<Integer> plain = Recording.ids(entry.get("plain_ids"));
        List<Integer> prompt = Recording.ids(entry.get("prompt_ids"));
        boolean twice =
            prompt.size() > plain.size() && !plain.isEmpty() && plain.get(0).equals(prompt.get(0));
        alone += twice ? 1 : 0;
        assertThat(tokenizer.encodePrompt(entry.get("text").textValue()))
            .isEqualTo(twice ? plain : prompt);
      }
    }
    boolean begins = !List.of("qwen2", "smollm2", "llama2_no_bos").contains(structure);
    assertThat(alone).isEqualTo(begins ? 3 : 0);
  }

  @ParameterizedTest
  @MethodSource("structures")
  void aStreamGivesTheTextOfAllTokensAtOnce(String structure) {
    try (Tokenizer tokenizer = open(structure)) {
      for (JsonNode entry : recorded(structure, "texts")) {
        assertThat(streamed(tokenizer, Recording.ids(entry.get("plain_ids"))))
            .isEqualTo(entry.get("decoded").textValue());
      }
      for (JsonNode entry : recorded(structure, "ids")) {
        List<Integer> ids = Recording.ids(entry.get("ids"));
        assertThat(tokenizer.decode(ids)).isEqualTo(entry.get("decoded").textValue());
        assertThat(streamed(tokenizer, ids)).isEqualTo(entry.get("decoded").textValue());
      }
    }
  }

  private static String streamed(Tokenizer tokenizer, List<Integer> ids) {
    Detokenizer detokenizer = new Detokenizer(tokenizer);
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(detokenizer.add(id));
    }
    return text.append(detokenizer.finish()).toString();
  }

  /**
   * Llama 2 writes what it has no piece for in bytes, a token each. Decoded at once, one wrong byte
   * would spoil the whole characters beside it; a stream has released those already.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "C3 A9|,é",
        "F0 9F 98 80|,,,😀",
        "E4 BD A0 E5 A5 BD|,,你,,,好",
        "0A 0A|NL,NL",
      })
  void bytesComeAsWholeCharacters(String hex, String pieces) {
    try (Tokenizer tokenizer = open("llama2")) {
      Detokenizer detokenizer = new Detokenizer(tokenizer);
      List<String> found = new ArrayList<>();
      for (String value : hex.split(" ")) {
        found.add(detokenizer.add(byteToken(value)).replace("\n", "NL"));
      }
      assertThat(found).containsExactly(pieces.split(",", -1));
      assertThat(detokenizer.finish()).isEmpty();
    }
  }

  /** {@code <0x00>} stands behind {@code <unk>}. */
  private static int byteToken(String hex) {
    return 1 + Integer.parseInt(hex, 16);
  }

  @Test
  void wrongBytesSpoilNoCharacterThatWasReleased() {
    try (Tokenizer tokenizer = open("llama2")) {
      int x = tokenizer.encode("x", false).get(0);
      List<Integer> ids = List.of(byteToken("C3"), byteToken("A9"), byteToken("FF"), x);
      assertThat(streamed(tokenizer, ids)).startsWith("é\uFFFD").hasSize(4);
      assertThat(streamed(tokenizer, ids.subList(0, 3))).isEqualTo("é\uFFFD");
    }
  }

  @Test
  void aBeginTokenThatTheTokenizerDoesNotHaveIsRefused(@TempDir Path directory) {
    ModelDirectory.copy(Recording.path("tokenizers/deepseek_coder"), directory)
        .edit("tokenizer_config.json", config -> config.put("bos_token", "<no such token>"));
    assertThatThrownBy(() -> Tokenizer.open(directory))
        .isInstanceOf(AiCoderException.class)
        .hasMessage(
            directory.resolve("tokenizer_config.json")
                + ": bos_token '<no such token>' is no token of tokenizer.json: they do not belong together");
  }

  @Test
  void addBosTokenMustBeTrueOrFalse(@TempDir Path directory) {
    ModelDirectory.copy(Recording.path("tokenizers/llama2"), directory)
        .edit("tokenizer_config.json", config -> config.put("add_bos_token", "yes"));
    assertThatThrownBy(() -> Tokenizer.open(directory))
        .isInstanceOf(AiCoderException.class)
        .hasMessageEndingWith("add_bos_token is \"yes\": it must be true or false");
  }
}
