package io.aicoder.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.ModelDirectory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions that could end the JVM are refused, those that tokenizers use are not. */
class SplitPatternTest {

  /**
   * Of Llama 3, Qwen 2, Llama 4 and GPT-4o, GPT-2, DeepSeek, Mistral's newer ones, Falcon, BLOOM.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-Ⴥ]+",
        "[一-龥ࠀ-一가-퟿]+",
        "\\s+$",
        "[\\r\\n]",
        "[0-9][0-9][0-9]",
        " ?[^(\\s|[.,!?…。，、।۔،])]+",
        "",
        "a||b"
      })
  void whatTokenizersUseIsTaken(String regex) {
    assertThatCode(() -> SplitPattern.check(regex)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a*)*b",
        "(a|aa)+$",
        "(?:a|a)*b",
        "a*a*b",
        "a+a+a+",
        "\\s*\\s*[\\r\\n]+",
        "x(a*b?)+",
        "(a{1,9}){1,9}",
        "(a)\\1",
        "(?<n>a)",
        "\\g<0>",
        "(?<=a)b",
        "(?~a)",
        "\\Ka",
        "\\X",
        "a{1,9999}b",
        "a**",
        "a{2}{3}",
        "a*+",
        "a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaa",
        "(",
        ")",
        "[a",
        "[]a]",
        "\\",
        "*a",
        "{",
        "a{x}",
        "(?!a*)b",
        "a*(b*c)?d",
        "a*(?:b*c)?",
        "(?i:a)?b*c|(?i:a)?b*c|(?i:a)?b*c"
      })
  void whatMayGoBackTooOftenIsRefused(String regex) {
    assertThatThrownBy(() -> SplitPattern.check(regex))
        .isInstanceOf(SplitPattern.RefusedException.class);
  }

  /** Blanks alone make the expression of Llama 3 go back over all of them. */
  @Test
  void theLongestTextIsEncodedAndALongerOneRefused(@TempDir Path directory) {
    ModelDirectory model = ModelDirectory.checkpoint("tied", directory);
    try (Tokenizer tokenizer = Tokenizer.open(model.path())) {
      assertThatCode(() -> tokenizer.count(" ".repeat(1_999_999) + "x")).doesNotThrowAnyException();
      for (int length : new int[] {2_000_001, 20_000_000}) {
        String text = " ".repeat(length - 1) + "x";
        assertThatThrownBy(() -> tokenizer.encode(text, false))
            .isInstanceOfSatisfying(
                AiCoderException.class,
                e -> assertThat(e.category()).isEqualTo(ErrorCategory.REQUEST))
            .hasMessage(
                "the text has %d characters, 2000000 can be encoded at once: shorten it"
                    .formatted(length));
      }
    }
  }
}
