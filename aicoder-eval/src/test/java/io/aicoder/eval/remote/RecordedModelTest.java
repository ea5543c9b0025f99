package io.aicoder.eval.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.constrain.Constraint;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.ScriptedModel;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordedModelTest {

  private final Path file;

  RecordedModelTest(@TempDir Path folder) {
    file = folder.resolve("recordings").resolve("model.jsonl");
  }

  private static GenerationRequest request(String prompt, double temperature) {
    return GenerationRequest.chat(ChatMessage.user(prompt))
        .optTemperature(temperature)
        .optSeed(temperature > 0 ? Long.valueOf(3) : null)
        .build();
  }

  private RecordingModel recording() {
    AtomicInteger count = new AtomicInteger();
    return new RecordingModel(
        new ScriptedModel(prompt -> prompt + " → " + count.incrementAndGet()), file);
  }

  @Test
  void answersAnEndpointsRequestsWithoutIt() throws IOException {
    GenerationResult online;
    try (LoopbackEndpoint endpoint = new LoopbackEndpoint(prompt -> "“" + prompt + "”");
        PricedModel model =
            new RecordingModel(endpoint.model().optPrices(new Prices(1, 2)).build(), file)) {
      online = model.generate(request("a b", 0));
      RecordedModel offline = RecordedModel.load(file);
      assertThat(offline.name()).isEqualTo(model.name());
      assertThat(offline.fingerprint(null)).isEqualTo(model.fingerprint(null));
      assertThat(offline.prices()).isEqualTo(new Prices(1, 2));
    }
    GenerationResult replayed = RecordedModel.load(file).generate(request("a b", 0));
    assertThat(replayed.text()).isEqualTo(online.text());
    assertThat(replayed.promptTokens()).isEqualTo(online.promptTokens());
    assertThat(replayed.completionTokens()).isEqualTo(online.completionTokens());
    assertThat(replayed.finishReason()).isEqualTo(online.finishReason());
  }

  @Test
  void givesTheAnswersOfOneRequestInTurn() {
    try (RecordingModel model = recording()) {
      model.generate(request("x", 1));
      try (TextStream stream = model.stream(request("x", 1))) {
        stream.forEachRemaining(piece -> {});
      }
      model.generate(request("x", 0));
    }
    RecordedModel recorded = RecordedModel.load(file);
    assertThat(recorded.generate(request("x", 1)).text()).isEqualTo("x → 1");
    assertThat(recorded.generate(request("x", 1)).text()).isEqualTo("x → 2");
    assertThatThrownBy(() -> recorded.generate(request("x", 1)))
        .hasMessageContaining("the request 'x'")
        .hasMessageContaining("is recorded 2 times only");
    assertThat(recorded.generate(request("x", 0)).text()).isEqualTo("x → 3");
    assertThat(recorded.generate(request("x", 0)).text()).isEqualTo("x → 3");
  }

  @Test
  void refusesByNameWhatIsNotRecorded() {
    try (RecordingModel model = recording()) {
      model.generate(request("x", 0));
    }
    assertThatThrownBy(() -> RecordedModel.load(file).generate(request("what is this", 0)))
        .isInstanceOfSatisfying(
            AiCoderException.class, e -> assertThat(e.category()).isEqualTo(ErrorCategory.INPUT))
        .hasMessageContaining(file.toString())
        .hasMessageContaining("the request 'what is this'")
        .hasMessageContaining("is not recorded");
  }

  @Test
  void aRecordingGoesOnAfterACrash() throws IOException {
    try (RecordingModel model = recording()) {
      model.generate(request("x", 0));
    }
    Files.writeString(file, "{\"request\":{\"pro", StandardOpenOption.APPEND);
    assertThat(RecordedModel.load(file).generate(request("x", 0)).text()).isEqualTo("x → 1");
    try (RecordingModel model = recording()) {
      model.generate(request("y", 0));
    }
    assertThat(RecordedModel.load(file).generate(request("y", 0)).text()).isEqualTo("y → 1");
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    try (RecordingModel model = recording()) {
      model.generate(request("x", 0));
    }
    Files.writeString(file, "{\"task_id\": 1}\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> RecordedModel.load(file)).hasMessageContaining("line 3");
    Files.writeString(file, "{\"version\": 7, \"model\": \"m\"}\n");
    assertThatThrownBy(() -> RecordedModel.load(file)).hasMessageContaining("has version 7");
    Files.writeString(file, "{\"version\": 1, \"model\": \"other\"}\n");
    assertThatThrownBy(this::recording).hasMessageContaining("recording of 'other'");
  }

  @Test
  void aConstraintIsPartOfTheRequest() {
    GenerationRequest block =
        GenerationRequest.chat(ChatMessage.user("x"))
            .optTemperature(0.0)
            .optConstraint(new Constraint.PythonBlock())
            .build();
    try (RecordingModel model = recording()) {
      model.generate(block);
    }
    RecordedModel recorded = RecordedModel.load(file);
    assertThat(recorded.generate(block).text()).isEqualTo("x → 1");
    assertThatThrownBy(() -> recorded.generate(request("x", 0)))
        .hasMessageContaining("is not recorded");
  }
}
