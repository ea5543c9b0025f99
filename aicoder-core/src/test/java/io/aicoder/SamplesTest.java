package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.SamplingOptions;
import io.aicoder.generate.TextStream;
import io.aicoder.llama.ComputeType;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Samples that share their prefill and their steps are what they would be alone. */
@TestInstance(Lifecycle.PER_CLASS)
class SamplesTest {

  private AiCoder coder;

  @BeforeAll
  void load() {
    coder =
        AiCoder.builder(ModelDirectory.NANO)
            .optComputeType(ComputeType.FP32)
            .optAdapter(ModelDirectory.NANO_ADAPTER)
            .build();
  }

  @AfterAll
  void close() {
    coder.close();
  }

  /**
   * Few candidates: where thousands are nearly alike, the last bits in which the kernels for one
   * row and for several differ decide between neighbours.
   */
  private static GenerationRequest.Builder question() {
    return GenerationRequest.chat(ChatMessage.user("def area(r):\n    \"\"\"Of a circle.\"\"\"\n"))
        .optMaxNewTokens(48)
        .optTemperature(1.2)
        .optTopK(12)
        .optSeed(11L);
  }

  /** They end at different steps: by the end token, by a stop sequence, or by the limit. */
  @Test
  void eachSampleIsWhatItWouldBeAlone() {
    GenerationRequest request =
        question().optSamples(7).optStop(List.of("return")).optTopP(0.98).build();
    List<GenerationResult> together = coder.generateAll(request);
    assertThat(together).hasSize(7);
    for (int i = 0; i < 7; i++) {
      GenerationResult alone = coder.generate(request.sample(i));
      assertThat(together.get(i).ids()).isEqualTo(alone.ids());
      assertThat(together.get(i).text()).isEqualTo(alone.text());
      assertThat(together.get(i).finishReason()).isEqualTo(alone.finishReason());
    }
    assertThat(together.stream().map(GenerationResult::completionTokens).distinct().count())
        .isGreaterThan(2);
    assertThat(new HashSet<>(together)).hasSize(7);
  }

  /** Penalties, repeated n-grams, probabilities: whatever a sample carries moves with it. */
  @Test
  void whatASampleCarriesMovesWithIt() {
    GenerationRequest request =
        question()
            .optSamples(5)
            .optRepetitionPenalty(1.1)
            .optPresencePenalty(0.5)
            .optFrequencyPenalty(0.3)
            .optNoRepeatNgramSize(3)
            .optMinP(0.02)
            .optTypicalP(0.97)
            .optMinNewTokens(5)
            .optLogitBias(Map.of(10, 1.5))
            .optLogProbabilities(2)
            .build();
    List<GenerationResult> together = coder.generateAll(request);
    for (int i = 0; i < 5; i++) {
      GenerationResult alone = coder.generate(request.sample(i));
      assertThat(together.get(i).ids()).isEqualTo(alone.ids()).hasSizeGreaterThanOrEqualTo(5);
      assertThat(together.get(i).logProbabilities()).hasSameSizeAs(alone.ids());
    }
  }

  @Test
  void greedySamplesAreEqual() {
    List<GenerationResult> results =
        coder.generateAll(question().optTemperature(0.0).optSamples(3).build());
    assertThat(results).extracting(GenerationResult::ids).containsOnly(results.get(0).ids());
  }

  @Test
  void theSeedOfASampleIsDocumented() {
    SplittableRandom random = new SplittableRandom(99);
    assertThat(SamplingOptions.seedOf(99, 0)).isEqualTo(99);
    assertThat(SamplingOptions.seedOf(99, 1)).isEqualTo(random.nextLong());
    assertThat(SamplingOptions.seedOf(99, 2)).isEqualTo(random.nextLong());
  }

  /** A model that knows one text at a time makes the same samples. */
  @Test
  void aModelThatKnowsOneTextAtATimeMakesTheSame() {
    GenerationRequest request = question().optSamples(3).optMaxNewTokens(10).build();
    assertThat(new OneAtATime(coder).generateAll(request))
        .extracting(GenerationResult::ids)
        .isEqualTo(coder.generateAll(request).stream().map(GenerationResult::ids).toList());
    assertThatThrownBy(
            () ->
                new OneAtATime(coder)
                    .generateAll(GenerationRequest.text("x").optBeams(2).optSamples(2).build()))
        .isInstanceOf(AiCoderException.class)
        .hasMessage("n is 2: this model returns one beam");
  }

  private record OneAtATime(AiCoder coder) implements CodeModel {
    @Override
    public String name() {
      return coder.name();
    }

    @Override
    public String fingerprint(@Nullable String adapter) {
      return coder.fingerprint(adapter);
    }

    @Override
    public TextStream stream(GenerationRequest request) {
      return coder.stream(request);
    }

    @Override
    public int countTokens(String text) {
      return coder.countTokens(text);
    }

    @Override
    public void close() {
      coder.close();
    }
  }

  @Test
  void aSingleResultRefusesSeveralSamples() {
    GenerationRequest request = question().optSamples(2).build();
    assertThatThrownBy(() -> coder.generate(request))
        .isInstanceOf(AiCoderException.class)
        .hasMessage("n is 2: one result holds one text; call generateAll");
    assertThatThrownBy(() -> coder.stream(request)).isInstanceOf(AiCoderException.class);
  }

  @Test
  void stopTokensEndAndEndTokensMayBeIgnored() {
    GenerationRequest.Builder greedy = question().optTemperature(0.0);
    List<Integer> plain = coder.generate(greedy.build()).ids();
    int stop = plain.get(4);
    GenerationResult stopped = coder.generate(greedy.optStopTokenIds(List.of(stop)).build());
    assertThat(stopped.finishReason()).isEqualTo(new FinishReason.StopToken(stop));
    assertThat(stopped.finishReason().wireName()).isEqualTo("stop");
    assertThat(stopped.ids()).isEqualTo(plain.subList(0, plain.indexOf(stop) + 1));
    assertThat(stopped.text()).isEqualTo(coder.decode(plain.subList(0, plain.indexOf(stop))));

    GenerationResult later = coder.generate(greedy.optMinNewTokens(20).build());
    assertThat(later.ids().subList(0, Math.min(20, later.ids().size()))).doesNotContain(stop);
    assertThat(later.ids()).hasSizeGreaterThanOrEqualTo(20);

    GenerationResult ignoring =
        coder.generate(
            question().optTemperature(0.0).optMaxNewTokens(300).optIgnoreEos(true).build());
    assertThat(ignoring.ids()).hasSize(300).contains(4095);
  }

  @Test
  void aBiasForbidsAndForces() {
    GenerationRequest.Builder greedy = question().optTemperature(0.0).optMaxNewTokens(6);
    int first = coder.generate(greedy.build()).ids().get(0);
    assertThat(coder.generate(greedy.optLogitBias(Map.of(first, -100.0)).build()).ids())
        .doesNotContain(first);
    assertThat(coder.generate(greedy.optLogitBias(Map.of(77, 100.0)).build()).ids())
        .containsOnly(77);
    assertThatThrownBy(() -> coder.generate(greedy.optLogitBias(Map.of(4096, 1.0)).build()))
        .isInstanceOf(AiCoderException.class)
        .hasMessageStartingWith("logit_bias: token id 4096 is outside the vocabulary of 4096");
    assertThatThrownBy(() -> coder.generate(question().optStopTokenIds(List.of(-1)).build()))
        .hasMessageStartingWith("stop_token_ids: token id -1 is outside");
  }
}
