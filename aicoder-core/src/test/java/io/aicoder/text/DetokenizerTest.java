package io.aicoder.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.fixture.ModelDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces of text are whole characters, and together the text that decoding at once gives. */
class DetokenizerTest {

  private static final int VOCABULARY = 4096;

  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() {
    tokenizer = Tokenizer.open(ModelDirectory.NANO);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "def f(x):\n    return x + 1\n",
        "family 👩‍👩‍👧‍👦, flag 🇩🇪, skin 👍🏽, keycap 1️⃣",
        "数据库里的漢字とかな、한국어",
        "e\u0301 a\u0308\u0323 \u0915\u094D\u0937",
        "Привет, мир! Ёлка",
        "𝕏𝔄 \uD83D\uDE00\uD83D\uDE00 é€",
        "\u0000\u0001\t tabs\tand\r\nline ends \u2028 \uFEFF",
        "a replacement \uFFFD that was there before",
        "עברית العربية"
      })
  void piecesOfATextAreWholeCharacters(String text) {
    List<Integer> ids = tokenizer.encode(text, false);
    assertThat(joined(ids)).isEqualTo(text);
  }

  @Test
  void aCharacterComesWithItsLastByte() {
    List<Integer> ids = tokenizer.encode("👍", false);
    assertThat(ids).hasSizeGreaterThan(1);
    Detokenizer detokenizer = new Detokenizer(tokenizer);
    List<String> pieces = ids.stream().map(detokenizer::add).toList();
    assertThat(pieces.subList(0, pieces.size() - 1)).containsOnly("");
    assertThat(pieces.get(pieces.size() - 1)).isEqualTo("👍");
    assertThat(detokenizer.finish()).isEmpty();
  }

  @Test
  void anUnfinishedCharacterComesAtTheEnd() {
    List<Integer> ids = tokenizer.encode("a👍", false);
    Detokenizer detokenizer = new Detokenizer(tokenizer);
    assertThat(detokenizer.add(ids.get(0))).isEqualTo("a");
    assertThat(detokenizer.add(ids.get(1))).isEmpty();
    assertThat(detokenizer.finish()).isEqualTo("\uFFFD");
  }

  @Test
  void specialTokensHaveNoText() {
    Detokenizer detokenizer = new Detokenizer(tokenizer);
    List<Integer> ids = tokenizer.encode("<|begin_of_text|>a<|eot_id|>b", false);
    assertThat(ids).hasSize(4);
    assertThat(ids.stream().map(detokenizer::add).toList()).containsExactly("", "a", "", "b");
  }

  /** Most of these are no valid UTF-8 anywhere. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 20, 200})
  void anyTokensGiveTheTextOfAllAtOnce(int length) {
    Random random = new Random(length);
    for (int round = 0; round < 2000 / length; round++) {
      List<Integer> ids = random.ints(length, 0, VOCABULARY).boxed().toList();
      assertThat(joined(ids)).isEqualTo(tokenizer.decode(ids));
    }
  }

  /** Bytes in any order: the low ids of a byte-level vocabulary are the single bytes. */
  @Test
  void anyBytesGiveTheTextOfAllAtOnce() {
    Random random = new Random(7);
    for (int round = 0; round < 300; round++) {
      List<Integer> ids = random.ints(12, 0, 256).boxed().toList();
      assertThat(joined(ids)).isEqualTo(tokenizer.decode(ids));
    }
  }

  private static String joined(List<Integer> ids) {
    Detokenizer detokenizer = new Detokenizer(tokenizer);
    List<String> pieces = new ArrayList<>();
    ids.forEach(id -> pieces.add(detokenizer.add(id)));
    pieces.add(detokenizer.finish());
    for (String piece : pieces) {
      assertThat(piece.codePoints())
          .as("code points of a piece")
          .noneMatch(codePoint -> Character.getType(codePoint) == Character.SURROGATE);
    }
    return String.join("", pieces);
  }
}
