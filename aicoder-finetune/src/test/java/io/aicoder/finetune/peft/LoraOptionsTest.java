package io.aicoder.finetune.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What the options refuse, and what they are when nobody says anything. */
class LoraOptionsTest {

  @Test
  void allLinearIsANameForThem() {
    assertThat(LoraOptions.builder().optTargetModules(List.of("all-linear")).build())
        .isEqualTo(LoraOptions.defaults());
  }

  @Test
  void beginsWithThePapersOptions() {
    LoraOptions options = LoraOptions.defaults();
    assertThat(options.rank()).isEqualTo(8);
    assertThat(options.alpha()).isEqualTo(32);
    assertThat(options.dropout()).isZero();
    assertThat(options.targetModules()).isEqualTo(LoraOptions.ALL_LINEAR);
    assertThat(options.toBuilder().build()).isEqualTo(options);
  }

  @Test
  void refusesNonsenseByName() {
    assertRefused(b -> b.optRank(0), "rank is 0");
    assertRefused(b -> b.optAlpha(0), "alpha is 0.0");
    assertRefused(b -> b.optAlpha(Double.NaN), "alpha is NaN");
    assertRefused(b -> b.optDropout(1), "dropout is 1.0");
    assertRefused(b -> b.optTargetModules(List.of()), "target modules is empty");
    assertRefused(b -> b.optTargetModules(List.of(" ")), "target modules is ' '");
    assertRefused(b -> b.optRankPattern(Map.of("q_proj", 0)), "rank of q_proj is 0");
    assertRefused(b -> b.optRankPattern(Map.of("(", 1)), "rank pattern holds '('");
    assertRefused(b -> b.optAlphaPattern(Map.of("q_proj", -1.0)), "alpha of q_proj is -1.0");
    assertRefused(b -> b.optUseDora(true).optLoraBias(true), "none beside DoRA");
    assertRefused(b -> b.optModulesToSave(List.of("norm")), "modules to save is norm");
    assertRefused(b -> b.optLayersToTransform(List.of(-1)), "layers to transform is -1");
  }

  private static void assertRefused(UnaryOperator<LoraOptions.Builder> change, String message) {
    assertThatThrownBy(() -> change.apply(LoraOptions.builder()).build())
        .isInstanceOfSatisfying(
            AiCoderException.class, e -> assertThat(e.category()).isEqualTo(ErrorCategory.REQUEST))
        .hasMessageContaining(message);
  }
}
