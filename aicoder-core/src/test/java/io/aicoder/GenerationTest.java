package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.Prompt;
import io.aicoder.generate.TextStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** What requests ask for is what they get, on the nano model with its adapter. */
@TestInstance(Lifecycle.PER_CLASS)
class GenerationTest {

  private static final ChatMessage QUESTION =
      ChatMessage.user("import math\n\ndef circle_area(r):\n    \"\"\"Area of a circle.\"\"\"\n");

  private AiCoder coder;

  @BeforeAll
  void load() {
    coder = AiCoder.load(ModelDirectory.NANO);
    coder.loadAdapter("repair", ModelDirectory.NANO_ADAPTER);
  }

  @AfterAll
  void close() {
    coder.close();
  }

  private static GenerationRequest.Builder question() {
    return GenerationRequest.chat(QUESTION).optMaxNewTokens(24);
  }

  private static GenerationRequest.Builder sampled(long seed) {
    return question().optTemperature(1.5).optSeed(seed);
  }

  @Test
  void theResultTellsWhatWasSeenAndMade() {
    GenerationResult result = coder.generate(question().build());
    String prompt = coder.render(List.of(QUESTION), true);
    assertThat(result.promptIds()).isEqualTo(coder.encode(prompt));
    assertThat(result.promptTokens()).isEqualTo(coder.countTokens(prompt));
    assertThat(result.text()).isNotEmpty().isEqualTo(coder.decode(result.ids()));
    assertThat(result.promptLogits()).isNull();
    assertThat(result.prefillTokensPerSecond()).isPositive();
    assertThat(result.decodeTokensPerSecond()).isPositive();
  }

  @Test
  void noMoreTokensAreMadeThanAskedFor() {
    GenerationResult result = coder.generate(question().optMaxNewTokens(3).build());
    assertThat(result.ids()).hasSize(3);
    assertThat(result.finishReason()).isEqualTo(new FinishReason.Length());
    assertThat(result.finishReason().wireName()).isEqualTo("length");
  }

  @Test
  void anEndTokenEndsTheText() {
    GenerationResult result = coder.generate(question().optMaxNewTokens(512).build());
    assertThat(result.finishReason()).isEqualTo(new FinishReason.EndOfSequence(4095));
    assertThat(result.ids()).containsOnlyOnce(4095).endsWith(4095);
    assertThat(result.text()).doesNotContain("eot_id");
  }

  @Test
  void whereTheContextEndsTheTextEnds() {
    List<Integer> prompt = IntStream.range(0, 2045).map(i -> 300 + i % 50).boxed().toList();
    GenerationResult result =
        coder.generate(
            GenerationRequest.tokens(prompt).optMaxNewTokens(10_000).optSeed(1L).build());
    assertThat(result.ids().size()).isLessThanOrEqualTo(3);
  }

  @Test
  void aPromptThatFillsTheContextIsRefused() {
    List<Integer> prompt = IntStream.range(0, 2048).map(i -> 300).boxed().toList();
    assertRefused(
        GenerationRequest.tokens(prompt),
        "the prompt has 2048 tokens, the model's context holds 2048: it needs at least one of its own and one for the answer");
  }

  /** In pieces of 512, of which the last may be one token. */
  @Test
  void aLongPromptIsTakenInPieces() {
    for (int length : new int[] {511, 512, 513, 1025}) {
      List<Integer> prompt =
          IntStream.range(0, length).map(i -> 256 + i * 7 % 3000).boxed().toList();
      GenerationResult result =
          coder.generate(
              GenerationRequest.tokens(prompt).optMaxNewTokens(1).optPromptLogits(true).build());
      assertThat(result.promptLogits()).isNotNull().doesNotContain(Float.NaN).hasSize(4096);
    }
  }

  @Test
  void anEmptyTextIsTheBeginTokenAlone() {
    GenerationResult result = coder.generate(GenerationRequest.text("").optMaxNewTokens(2).build());
    assertThat(result.promptIds()).containsExactly(4090);
  }

  @Test
  void idsOutsideTheVocabularyAreRefused() {
    for (int id : new int[] {-1, 4096, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      assertRefused(
          GenerationRequest.tokens(List.of(5, id)),
          "token id " + id + " is outside the vocabulary of 4096: check the ids, or that");
    }
  }

  @Test
  void anAdapterThatIsNotLoadedIsRefused() {
    assertRefused(question().optAdapter("nope"), "adapter 'nope' is not loaded (loaded: [repair])");
    assertThatThrownBy(() -> coder.fingerprint("nope")).isInstanceOf(AiCoderException.class);
  }

  @Test
  void anAdaptersNameIsItsOwn() {
    for (String name : List.of("repair", AiCoder.BASE)) {
      assertThatThrownBy(() -> coder.loadAdapter(name, ModelDirectory.NANO_ADAPTER))
          .isInstanceOf(AiCoderException.class)
          .hasMessage("adapter name '" + name + "' is taken: choose another");
    }
  }

  @Test
  void fingerprintsTellModelsApart() {
    assertThat(coder.fingerprint(null)).isEqualTo(coder.fingerprint(AiCoder.BASE));
    assertThat(coder.fingerprint("repair"))
        .startsWith(coder.fingerprint(null))
        .isNotEqualTo(coder.fingerprint(null));
  }

  private void assertRefused(GenerationRequest.Builder request, String message) {
    assertThatThrownBy(() -> coder.generate(request.build()))
        .isInstanceOfSatisfying(
            AiCoderException.class, e -> assertThat(e.category()).isEqualTo(ErrorCategory.REQUEST))
        .hasMessageStartingWith(message);
  }

  @Test
  void aSeedRepeatsAText() {
    GenerationResult first = coder.generate(sampled(7).build());
    assertThat(coder.generate(sampled(7).build()).ids()).isEqualTo(first.ids());
  }

  /** Neighbouring seeds too, from the first token on. */
  @Test
  void seedsDiffer() {
    Set<String> texts = new HashSet<>();
    Set<Integer> firstTokens = new HashSet<>();
    for (long seed = 0; seed < 10; seed++) {
      GenerationResult result = coder.generate(sampled(seed).optTemperature(3.0).build());
      texts.add(result.text());
      result.ids().stream().findFirst().ifPresent(firstTokens::add);
    }
    assertThat(texts).hasSizeGreaterThan(8);
    assertThat(firstTokens).hasSizeGreaterThan(5);
  }

  @Test
  void withoutASeedEveryTextIsNew() {
    GenerationRequest request = question().optTemperature(3.0).build();
    assertThat(coder.generate(request).ids()).isNotEqualTo(coder.generate(request).ids());
  }

  @Test
  void temperatureZeroAndTopKOneAreGreedy() {
    List<Integer> greedy = coder.generate(question().optTemperature(0.0).build()).ids();
    assertThat(coder.generate(sampled(3).optTopK(1).build()).ids()).isEqualTo(greedy);
    assertThat(coder.generate(sampled(3).optTopP(1e-9).build()).ids()).isEqualTo(greedy);
    assertThat(coder.generate(question().build()).ids()).isEqualTo(greedy);
  }

  @Test
  void aStopSequenceEndsTheTextBeforeIt() {
    String whole = coder.generate(question().build()).text();
    // Sequences from the middle of the text, wherever tokens begin and end there.
    for (int begin = 1; begin + 5 < whole.length(); begin += 4) {
      String stop = whole.substring(begin, begin + 5);
      GenerationResult result = coder.generate(question().optStop(List.of("\u0000", stop)).build());
      assertThat(result.text()).isEqualTo(whole.substring(0, whole.indexOf(stop)));
      assertThat(result.finishReason()).isEqualTo(new FinishReason.StopSequence(stop));
      assertThat(result.finishReason().wireName()).isEqualTo("stop");
    }
  }

  @Test
  void piecesAreTheTextAndNothingOfAStopSequence() {
    for (long seed = 0; seed < 20; seed++) {
      GenerationRequest request =
          sampled(seed).optTemperature(8.0).optStop(List.of("ab", "\n\n", "é")).build();
      List<String> pieces = new ArrayList<>();
      try (TextStream stream = coder.stream(request)) {
        stream.forEachRemaining(pieces::add);
        assertThat(pieces).doesNotContain("");
        assertThat(String.join("", pieces)).isEqualTo(stream.result().text());
        assertThat(stream.result().text()).doesNotContain("ab", "\n\n", "é");
        assertThatThrownBy(stream::next).isInstanceOf(NoSuchElementException.class);
      }
    }
  }

  @Test
  void requestsOfSeveralThreadsDoNotMix() {
    List<GenerationRequest> requests = mixedRequests();
    List<List<Integer>> alone =
        requests.stream().map(request -> coder.generate(request).ids()).toList();
    assertThat(new HashSet<>(alone)).hasSizeGreaterThan(3);
    List<CompletableFuture<List<Integer>>> together =
        requests.stream()
            .map(
                request ->
                    CompletableFuture.supplyAsync(
                        (Supplier<List<Integer>>) () -> coder.generate(request).ids()))
            .toList();
    assertThat(together.stream().map(CompletableFuture::join).toList()).isEqualTo(alone);
  }

  /** With and without adapter, greedy and sampled, short and long. */
  private static List<GenerationRequest> mixedRequests() {
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      requests.add(
          sampled(i / 2)
              .optTemperature(i % 3 * 1.5)
              .optAdapter(i % 2 == 0 ? AiCoder.BASE : "repair")
              .optMaxNewTokens(10 + i)
              .build());
    }
    return requests;
  }

  @Test
  void anAdapterChangesItsOwnRequestsOnly() {
    Prompt prompt = new Prompt.Chat(List.of(QUESTION));
    assertThat(prompt).isNotNull();
    GenerationRequest base = question().optPromptLogits(true).build();
    GenerationRequest repair = question().optPromptLogits(true).optAdapter("repair").build();
    List<Float> before = logits(base);
    assertThat(logits(repair)).isNotEqualTo(before);
    assertThat(logits(base)).isEqualTo(before);
  }

  private List<Float> logits(GenerationRequest request) {
    List<Float> logits = coder.generate(request).promptLogits();
    assertThat(logits).isNotNull();
    return logits == null ? List.of() : logits;
  }
}
