package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.generate.EarlyStopping;
import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import io.aicoder.llama.ComputeType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Beam search finds what transformers' finds: {@code record_beams.py}. */
@TestInstance(Lifecycle.PER_CLASS)
class BeamSearchTest {

  private AiCoder coder;

  @BeforeAll
  void load() {
    coder = AiCoder.builder(ModelDirectory.NANO).optComputeType(ComputeType.FP32).build();
  }

  @AfterAll
  void close() {
    coder.close();
  }

  static Stream<Named<JsonNode>> cases() {
    return StreamSupport.stream(Recording.read("nano/beams.json").get("cases").spliterator(), false)
        .map(entry -> Named.of(entry.get("settings").toString(), entry));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void findsTheBeamsOfTransformers(JsonNode entry) {
    JsonNode expected = entry.get("beams");
    List<GenerationResult> beams =
        coder.generateAll(request(entry).optSamples(expected.size()).build());
    assertThat(beams).hasSameSizeAs(expected);
    for (int i = 0; i < beams.size(); i++) {
      assertThat(beams.get(i).ids()).isEqualTo(Recording.ids(expected.get(i).get("ids")));
      assertThat(beams.get(i).beamScore())
          .isCloseTo(expected.get(i).get("score").doubleValue(), within(1e-4));
    }
  }

  private static GenerationRequest.Builder request(JsonNode entry) {
    JsonNode settings = entry.get("settings");
    GenerationRequest.Builder request =
        GenerationRequest.tokens(Recording.ids(entry.get("prompt_ids")))
            .optMaxNewTokens(settings.get("max_new_tokens").intValue())
            .optMinNewTokens(settings.path("min_new_tokens").asInt(0))
            .optRepetitionPenalty(settings.path("repetition_penalty").asDouble(1))
            .optNoRepeatNgramSize(settings.path("no_repeat_ngram_size").asInt(0))
            .optBeams(settings.get("num_beams").intValue())
            .optEarlyStopping(
                switch (settings.path("early_stopping").asText("false")) {
                  case "true" -> EarlyStopping.WHEN_ENOUGH;
                  case "never" -> EarlyStopping.NEVER;
                  default -> EarlyStopping.WHEN_UNLIKELY;
                });
    return settings.has("length_penalty")
        ? request.optLengthPenalty(settings.get("length_penalty").doubleValue())
        : request;
  }

  private JsonNode first() {
    return Recording.read("nano/beams.json").get("cases").get(0);
  }

  @Test
  void aStreamOfBeamsBringsTheBestAtItsEnd() {
    GenerationResult best = coder.generate(request(first()).build());
    assertThat(best.ids()).isEqualTo(Recording.ids(first().at("/beams/0/ids")));
    assertThat(best.logProbabilities()).isNull();
    List<String> pieces = new ArrayList<>();
    try (TextStream stream = coder.stream(request(first()).build())) {
      stream.forEachRemaining(pieces::add);
    }
    assertThat(pieces).containsExactly(best.text());
  }

  @Test
  void aStopSequenceEndsABeam() {
    String whole = coder.generate(request(first()).build()).text();
    String stop = whole.substring(4, 7);
    for (GenerationResult beam :
        coder.generateAll(request(first()).optStop(List.of(stop)).optSamples(2).build())) {
      assertThat(beam.text()).doesNotContain(stop);
      if (beam.finishReason() instanceof FinishReason.StopSequence reason) {
        assertThat(reason.sequence()).isEqualTo(stop);
      }
    }
  }

  @Test
  void aSearchThatIsCancelledEnds() {
    try (TextStream stream =
        coder.stream(request(first()).optIgnoreEos(true).optMaxNewTokens(2000).build())) {
      stream.cancel();
      assertThat(stream.result().finishReason()).isEqualTo(new FinishReason.Cancelled());
      assertThat(stream.result().ids()).hasSizeLessThan(2000);
    }
  }

  @Test
  void whatBeamsCannotDoIsRefusedByName() {
    assertRefused(request(first()).optTemperature(0.7), "num_beams is 2: beam search does not");
    assertRefused(request(first()).optSamples(3), "num_beams is 2: it must be at least n, which");
    assertRefused(request(first()).optLogProbabilities(1), "num_beams is 2: beam search keeps no");
    assertThatThrownBy(() -> coder.generate(request(first()).optSamples(2).build()))
        .isInstanceOf(AiCoderException.class)
        .hasMessage("n is 2: one result holds one text; call generateAll");
  }

  private static void assertRefused(GenerationRequest.Builder request, String message) {
    assertThatThrownBy(request::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void theCheckpointsOwnBeamsServeRequestsThatNameNone(@TempDir Path directory) {
    ModelDirectory model = ModelDirectory.copy(ModelDirectory.NANO, directory);
    model.edit("generation_config.json", json -> json.put("num_beams", 2));
    JsonNode entry = first();
    try (AiCoder searching =
        AiCoder.builder(model.path()).optComputeType(ComputeType.FP32).build()) {
      GenerationRequest.Builder plain =
          GenerationRequest.tokens(Recording.ids(entry.get("prompt_ids"))).optMaxNewTokens(40);
      assertThat(searching.generate(plain.build()).ids())
          .isEqualTo(Recording.ids(entry.at("/beams/0/ids")));
      assertThat(searching.generate(plain.optBeams(1).build()).beamScore()).isNull();
      assertThat(searching.generate(plain.optBeams(null).optTemperature(0.5).build()).beamScore())
          .isNull();
    }
  }
}
