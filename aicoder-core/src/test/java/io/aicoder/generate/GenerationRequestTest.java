package io.aicoder.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GenerationRequestTest {

  static List<Arguments> nonsense() {
    return List.of(
        bad("max_new_tokens is 0: it must be 1 or more", r -> r.optMaxNewTokens(0)),
        bad("max_new_tokens is -5: it must be 1 or more", r -> r.optMaxNewTokens(-5)),
        bad("temperature is -0.1: it must be between", r -> r.optTemperature(-0.1)),
        bad("temperature is 101.0: it must be between", r -> r.optTemperature(101.0)),
        bad("temperature is NaN: it must be between", r -> r.optTemperature(Double.NaN)),
        bad("top_k is -1: it must be 0 (all) or more", r -> r.optTopK(-1)),
        bad("top_p is 0.0: it must be above 0 and at most 1", r -> r.optTopP(0.0)),
        bad("top_p is 1.1: it must be above 0 and at most 1", r -> r.optTopP(1.1)),
        bad("top_p is NaN: it must be above 0 and at most 1", r -> r.optTopP(Double.NaN)),
        bad("repetition_penalty is 0.0: it must be above 0", r -> r.optRepetitionPenalty(0.0)),
        bad(
            "repetition_penalty is Infinity: it must be above 0",
            r -> r.optRepetitionPenalty(Double.POSITIVE_INFINITY)),
        bad("min_p is 2.0: it must be between 0 and 1", r -> r.optMinP(2.0)),
        bad("min_p is NaN: it must be between 0 and 1", r -> r.optMinP(Double.NaN)),
        bad("typical_p is 0.0: it must be above 0 and at most 1", r -> r.optTypicalP(0.0)),
        bad("presence_penalty is 2.5: it must be between -2 and 2", r -> r.optPresencePenalty(2.5)),
        bad(
            "frequency_penalty is -3.0: it must be between -2 and 2",
            r -> r.optFrequencyPenalty(-3.0)),
        bad("no_repeat_ngram_size is -1: it must be 0", r -> r.optNoRepeatNgramSize(-1)),
        bad(
            "logit_bias of token 7 is 101.0: it must be between -100 and 100",
            r -> r.optLogitBias(Map.of(7, 101.0))),
        bad("min_new_tokens is -1: it must be 0 or more", r -> r.optMinNewTokens(-1)),
        bad(
            "min_new_tokens is 9: it must be at most max_new_tokens, which is 8",
            r -> r.optMinNewTokens(9).optMaxNewTokens(8)),
        bad("n is 0: it must be between 1 and 128", r -> r.optSamples(0)),
        bad("n is 129: it must be between 1 and 128", r -> r.optSamples(129)),
        bad("top_logprobs is 21: it must be between 0 and 20", r -> r.optLogProbabilities(21)),
        bad("num_beams is 0: it must be 1 or more", r -> r.optBeams(0)),
        bad("length_penalty is NaN: it must be a finite", r -> r.optLengthPenalty(Double.NaN)),
        bad("stop holds an empty text: remove it", r -> r.optStop(List.of("x", ""))));
  }

  private static Arguments bad(String message, UnaryOperator<GenerationRequest.Builder> option) {
    return Arguments.of(message, option);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("nonsense")
  void nonsenseIsRefusedByName(String message, UnaryOperator<GenerationRequest.Builder> option) {
    GenerationRequest.Builder request = option.apply(GenerationRequest.text("x"));
    assertThatThrownBy(request::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void aPromptIsNotEmpty() {
    assertThatThrownBy(() -> GenerationRequest.tokens(List.of()))
        .hasMessage("ids is empty: a prompt needs one token at least");
    assertThatThrownBy(() -> GenerationRequest.chat())
        .hasMessage("messages is empty: a conversation needs one at least");
  }

  @Test
  void whatIsNotSetIsLeftToTheCheckpoint() {
    GenerationRequest request = GenerationRequest.text("x").build();
    assertThat(request.stopping().maxNewTokens()).isNull();
    assertThat(request.sampling().temperature()).isNull();
    assertThat(request.sampling().seed()).isNull();
    assertThat(request.stopping().stop()).isEmpty();
  }
}
