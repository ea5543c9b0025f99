package io.aicoder.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions of adapter configurations: matched, or refused in bounded time. */
class ModulePatternTest {

  private static final String NAME = "model.layers.31.self_attn.q_proj";

  @Test
  void matchesWholeNames() throws ModulePattern.RefusedException {
    assertThat(ModulePattern.of(".*\\.layers\\.\\d{1,3}\\..*q_proj").matches(NAME)).isTrue();
    assertThat(ModulePattern.of("(.*\\.)?(self_attn\\.(q|v)_proj)").matches(NAME)).isTrue();
    assertThat(ModulePattern.of("q_proj").matches(NAME)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "((\\w*\\.?)*)*-",
        "(?:(?:){999999999}){999999999}",
        "(?:(?:(?:){999}){999}){999}",
        "(",
        "a{2,1}"
      })
  void refusesWhatTakesTooLongOrIsNone(String expression) {
    assertThatThrownBy(() -> ModulePattern.of(expression).matches(NAME))
        .isInstanceOf(ModulePattern.RefusedException.class)
        .hasMessageMatching("takes too long to match|is not a regular expression");
  }
}
