package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.Pooling;
import io.aicoder.generate.Prompt;
import io.aicoder.generate.TokenChoice;
import io.aicoder.generate.TokenProbability;
import io.aicoder.generate.TokenScores;
import io.aicoder.llama.ComputeType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts are as likely, and lie where transformers and PEFT say: {@code record_scoring.py}. */
@TestInstance(Lifecycle.PER_CLASS)
class ScoringTest {

  private static final JsonNode RECORDING = Recording.read("nano/scoring.json");
  private static final double TOLERANCE = 1e-4;

  private AiCoder coder;

  @BeforeAll
  void load() {
    coder = AiCoder.builder(ModelDirectory.NANO).optComputeType(ComputeType.FP32).build();
    coder.loadAdapter("adapter", ModelDirectory.NANO_ADAPTER);
  }

  @AfterAll
  void close() {
    coder.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "adapter"})
  void aContinuationIsAsLikely(String adapter) {
    int scored = 0;
    for (JsonNode entry : RECORDING.get(adapter).get("continuations")) {
      List<Integer> answer = Recording.ids(entry.get("continuation_ids"));
      // Special tokens have no text, so that the end is scored by its id only.
      String text = coder.decode(answer);
      List<Integer> ordinary = answer.subList(0, answer.size() - 1);
      assertThat(coder.encode(text)).isEqualTo(ordinary);
      TokenScores scores = coder.logProbabilities(prompt(entry), text, adapter);
      assertThat(scores.ids()).isEqualTo(ordinary);
      double sum = 0;
      for (int i = 0; i < ordinary.size(); i++) {
        double expected = entry.get("log_probabilities").get(i).doubleValue();
        assertThat(scores.logProbabilities().get(i).doubleValue())
            .isCloseTo(expected, within(TOLERANCE));
        sum += expected;
        scored++;
      }
      assertThat(scores.sum()).isCloseTo(sum, within(0.01));
    }
    assertThat(scored).isGreaterThan(80);
  }

  private static Prompt prompt(JsonNode entry) {
    return new Prompt.Tokens(Recording.ids(entry.get("prompt_ids")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "adapter"})
  void aTextLongerThanTheContextIsReadInWindows(String adapter) {
    JsonNode windows = RECORDING.get(adapter).get("windows");
    Prompt text = new Prompt.Tokens(Recording.ids(windows.get("ids")));
    windows
        .get("strides")
        .properties()
        .forEach(
            entry -> {
              TokenScores scores = coder.score(text, Integer.parseInt(entry.getKey()), adapter);
              assertThat(scores.ids()).hasSize(windows.get("ids").size() - 1);
              assertThat(scores.perplexity())
                  .isCloseTo(
                      entry.getValue().doubleValue(),
                      within(TOLERANCE * entry.getValue().doubleValue()));
            });
  }

  @Test
  void perplexityIsThatOfWindowsThatOverlapByHalf() {
    String text = "def f(x):\n    return x\n".repeat(400);
    assertThat(coder.perplexity(text))
        .isEqualTo(coder.score(new Prompt.Text(text), 1024, null).perplexity())
        .isGreaterThan(1);
    String seen = coder.generate(GenerationRequest.text("import torch\n").build()).text();
    assertThat(coder.perplexity("import torch\n" + seen)).isBetween(1.0, 100.0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "adapter"})
  void anEmbeddingIsTheLastHiddenState(String adapter) {
    for (JsonNode entry : RECORDING.get(adapter).get("embeddings")) {
      Prompt text = new Prompt.Tokens(Recording.ids(entry.get("ids")));
      assertNear(entry.get("mean"), coder.embed(text, Pooling.MEAN, false, adapter));
      assertNear(entry.get("last"), coder.embed(text, Pooling.LAST_TOKEN, false, adapter));
    }
  }

  private static void assertNear(JsonNode expected, float[] actual) {
    List<Float> numbers = new ArrayList<>();
    for (float number : actual) {
      numbers.add(number);
    }
    assertThat(Recording.largestDifference(expected, numbers)).isLessThan(TOLERANCE);
  }

  @Test
  void aNormalizedEmbeddingPointsTheSameWay() {
    float[] plain = coder.embed("import torch", Pooling.MEAN);
    float[] unit = coder.embed(new Prompt.Text("import torch"), Pooling.MEAN, true, null);
    double square = 0;
    double product = 0;
    double length = 0;
    for (int i = 0; i < plain.length; i++) {
      square += unit[i] * unit[i];
      product += unit[i] * plain[i];
      length += plain[i] * plain[i];
    }
    assertThat(square).isCloseTo(1, within(1e-5));
    assertThat(product).isCloseTo(Math.sqrt(length), within(1e-4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "adapter"})
  void optionsChangeGreedyTextAsInTransformers(String adapter) {
    for (JsonNode entry : RECORDING.get(adapter).get("greedy")) {
      JsonNode settings = entry.get("settings");
      GenerationResult result =
          coder.generate(
              GenerationRequest.tokens(Recording.ids(entry.get("prompt_ids")))
                  .optMaxNewTokens(settings.get("max_new_tokens").intValue())
                  .optMinNewTokens(settings.path("min_new_tokens").asInt(0))
                  .optRepetitionPenalty(settings.path("repetition_penalty").asDouble(1))
                  .optNoRepeatNgramSize(settings.path("no_repeat_ngram_size").asInt(0))
                  .optAdapter(adapter)
                  .optLogProbabilities(5)
                  .build());
      assertThat(result.ids()).isEqualTo(Recording.ids(entry.get("output_ids")));
      if (entry.has("top")) {
        assertLikely(entry.get("top"), Objects.requireNonNull(result.logProbabilities()));
      }
    }
  }

  private void assertLikely(JsonNode expected, List<TokenChoice> actual) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      TokenChoice choice = actual.get(i);
      assertThat(choice.chosen().logProbability())
          .isCloseTo(expected.get(i).get("chosen").doubleValue(), within(TOLERANCE));
      assertThat(choice.likeliest())
          .extracting(TokenProbability::id)
          .isEqualTo(Recording.ids(expected.get(i).get("ids")));
      for (int k = 0; k < choice.likeliest().size(); k++) {
        assertThat(choice.likeliest().get(k).logProbability())
            .isCloseTo(
                expected.get(i).get("log_probabilities").get(k).doubleValue(), within(TOLERANCE));
      }
      assertThat(choice.chosen().text()).isEqualTo(coder.decode(List.of(choice.chosen().id())));
    }
  }

  @Test
  void probabilitiesAreTheModelsOwnWhateverTheOptions() {
    GenerationRequest.Builder request =
        GenerationRequest.text("import torch\n").optMaxNewTokens(1).optLogProbabilities(3);
    GenerationResult plain = coder.generate(request.build());
    int first = plain.ids().get(0);
    GenerationResult biased =
        coder.generate(
            request.optLogitBias(Map.of(first, -100.0)).optTemperature(0.3).optSeed(1L).build());
    assertThat(biased.ids()).doesNotContain(first);
    assertThat(likeliest(biased)).isEqualTo(likeliest(plain)).hasSize(3);
    assertThat(likeliest(coder.generate(request.optLogProbabilities(0).build()))).isEmpty();
  }

  private static List<TokenProbability> likeliest(GenerationResult result) {
    return Objects.requireNonNull(result.logProbabilities()).get(0).likeliest();
  }

  @Test
  void whatCannotBeScoredIsRefused() {
    assertThatThrownBy(() -> coder.logProbabilities("x", ""))
        .isInstanceOf(AiCoderException.class)
        .hasMessage("the continuation has no token: there is nothing to score");
    assertThatThrownBy(() -> coder.score(new Prompt.Tokens(List.of(1)), 5, null))
        .hasMessage("the text has 1 tokens: scoring needs two at least");
    assertThatThrownBy(() -> coder.score(new Prompt.Text("x y"), 2048, null))
        .hasMessage("stride is 2048: it must be between 1 and 2047");
    String longText = "x = 1\n".repeat(2048);
    assertThatThrownBy(() -> coder.embed(longText, Pooling.MEAN))
        .hasMessageMatching("the text has \\d+ tokens, the model's context holds 2048: .*");
    assertThatThrownBy(() -> coder.logProbabilities("x", longText))
        .isInstanceOf(AiCoderException.class);
    assertThatThrownBy(() -> coder.embed(new Prompt.Text("x"), Pooling.MEAN, true, "nope"))
        .hasMessageStartingWith("adapter 'nope' is not loaded");
  }
}
