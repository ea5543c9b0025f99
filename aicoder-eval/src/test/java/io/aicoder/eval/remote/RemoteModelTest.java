package io.aicoder.eval.remote;

import static io.aicoder.eval.remote.LoopbackEndpoint.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.constrain.Constraint;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RemoteModelTest {

  private final LoopbackEndpoint endpoint;

  RemoteModelTest() throws IOException {
    endpoint = new LoopbackEndpoint(prompt -> "you said " + prompt);
  }

  @AfterEach
  void closeEndpoint() {
    endpoint.close();
  }

  private static GenerationRequest request(String prompt) {
    return GenerationRequest.chat(ChatMessage.user(prompt)).optMaxNewTokens(20).build();
  }

  private static AiCoderException failure(RemoteModel model) {
    try (model) {
      model.generate(request("hello"));
    } catch (AiCoderException e) {
      return e;
    }
    throw new AssertionError("the request was answered");
  }

  @Test
  void answersWithTokensAndCost() {
    try (RemoteModel model = endpoint.model().optPrices(new Prices(2, 10)).build()) {
      GenerationResult result = model.generate(request("good day"));

      assertThat(result.text()).isEqualTo("you said good day");
      assertThat(result.promptTokens()).isEqualTo(2);
      assertThat(result.completionTokens()).isEqualTo(4);
      assertThat(result.finishReason()).isInstanceOf(FinishReason.EndOfSequence.class);
      model.generate(request("good day"));
      assertThat(model.usage()).isEqualTo(new Usage(2, 4, 8, (4 * 2 + 8 * 10) / 1e6));
    }
  }

  @Test
  void aSchemaIsSentAsResponseFormat() throws IOException {
    String schema = "{\"type\": \"object\", \"properties\": {\"n\": {\"type\": \"integer\"}}}";
    try (RemoteModel model = endpoint.model().build()) {
      model.generate(constrained(new Constraint.JsonSchema(schema)));
      try (TextStream stream = model.stream(constrained(new Constraint.JsonSchema(schema)))) {
        stream.result();
      }
    }
    for (JsonNode sent : endpoint.requests) {
      assertThat(sent.get("response_format"))
          .isEqualTo(
              new ObjectMapper()
                  .readTree(
                      "{\"type\": \"json_schema\", \"json_schema\": {\"name\": \"answer\", \"schema\": "
                          + schema
                          + "}}"));
    }
    assertThat(endpoint.requests).hasSize(2);
  }

  @Test
  void otherConstraintsAreRefusedByName() {
    try (RemoteModel model = endpoint.model().build()) {
      for (Constraint constraint :
          List.of(new Constraint.Regex("[0-9]+"), new Constraint.PythonBlock())) {
        assertThatThrownBy(() -> model.generate(constrained(constraint)))
            .isInstanceOfSatisfying(
                AiCoderException.class,
                e -> assertThat(e.category()).isEqualTo(ErrorCategory.REQUEST))
            .hasMessageStartingWith("constraint: " + constraint.getClass().getSimpleName());
      }
      assertThatThrownBy(() -> model.generate(constrained(new Constraint.JsonSchema("true"))))
          .hasMessageContaining("a schema that is an object, not true");
    }
    assertThat(endpoint.requests).isEmpty();
  }

  private static GenerationRequest constrained(Constraint constraint) {
    return GenerationRequest.chat(ChatMessage.user("x")).optConstraint(constraint).build();
  }

  @Test
  void sendsEveryOptionByItsName() throws IOException {
    GenerationRequest request =
        GenerationRequest.chat(
                ChatMessage.system("s"), ChatMessage.user("u"), ChatMessage.assistant("a"))
            .optMaxNewTokens(7)
            .optMinNewTokens(1)
            .optStop(List.of("END"))
            .optStopTokenIds(List.of(5))
            .optIgnoreEos(true)
            .optTemperature(0.5)
            .optTopK(4)
            .optTopP(0.75)
            .optMinP(0.125)
            .optTypicalP(0.5)
            .optRepetitionPenalty(1.5)
            .optPresencePenalty(0.25)
            .optFrequencyPenalty(-0.25)
            .optNoRepeatNgramSize(3)
            .optLogitBias(Map.of(9, -1.0))
            .optSeed(11L)
            .optAdapter("mine")
            .build();
    try (RemoteModel model = endpoint.model().build()) {
      model.generate(request);
    }
    JsonNode sent = endpoint.requests.get(0);
    assertThat(sent.at("/messages/0/role").asText()).isEqualTo("system");
    assertThat(sent.at("/messages/2/content").asText()).isEqualTo("a");
    ObjectNode options = sent.deepCopy();
    options.remove("messages");
    assertThat(options)
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    """
                    {"model": "loop", "max_completion_tokens": 7, "min_tokens": 1, "stop": ["END"],
                     "stop_token_ids": [5], "ignore_eos": true, "temperature": 0.5, "top_k": 4,
                     "top_p": 0.75, "min_p": 0.125, "typical_p": 0.5, "repetition_penalty": 1.5,
                     "presence_penalty": 0.25, "frequency_penalty": -0.25,
                     "no_repeat_ngram_size": 3, "logit_bias": {"9": -1.0}, "seed": 11,
                     "adapter": "mine"}
                    """));
  }

  @Test
  void refusesWhatEndpointsCannotDo() {
    try (RemoteModel model = endpoint.model().build()) {
      assertThatThrownBy(() -> model.generate(GenerationRequest.text("x").build()))
          .hasMessageContaining("only conversations");
      assertThatThrownBy(
              () ->
                  model.generate(GenerationRequest.chat(ChatMessage.user("x")).optBeams(2).build()))
          .hasMessageContaining("num_beams");
    }
    assertThat(endpoint.requests).isEmpty();
  }

  @Test
  void waitsAsRetryAfterSays() {
    endpoint.failWith(
        status(429, "slow down", "Retry-After", "1"),
        status(429, "slow down", "Retry-After-Ms", "5"));
    try (RemoteModel model = endpoint.model().optRetries(2).build()) {
      assertThat(model.generate(request("x")).text()).isEqualTo("you said x");
    }
    assertThat(endpoint.requests).hasSize(3);
  }

  @Test
  void triesServerErrorsAndBrokenAnswersAgain() {
    endpoint.failWith(status(500, "oops", "Retry-After-Ms", "1"), LoopbackEndpoint.truncated());
    try (RemoteModel model = endpoint.model().optRetries(1).build()) {
      assertThat(model.generate(request("x")).text()).isEqualTo("you said x");
    }
    assertThat(endpoint.requests).hasSize(3);
  }

  @Test
  void givesUpAndSaysWhy() {
    endpoint.failWith(
        status(500, "oops", "Retry-After-Ms", "1"), status(500, "oops", "Retry-After-Ms", "1"));
    AiCoderException e = failure(endpoint.model().optRetries(1).build());
    assertThat(e.category()).isEqualTo(ErrorCategory.EXECUTION);
    assertThat(e)
        .hasMessageContaining("model 'loop': failed 2 times: 500")
        .hasMessageContaining("oops");

    endpoint.failWith(status(429, "quota"));
    assertThat(failure(endpoint.model().build())).hasMessageContaining("lower the rate limits");
    endpoint.failWith(LoopbackEndpoint.truncated());
    assertThat(failure(endpoint.model().build()).category()).isEqualTo(ErrorCategory.EXECUTION);
  }

  @Test
  void aWrongKeyIsNotTriedAgain() {
    AiCoderException e = failure(endpoint.model().optApiKey("guess").optRetries(3).build());
    assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT);
    assertThat(e)
        .hasMessageContaining("refused the API key: 401")
        .hasMessageContaining("set another");
    assertThat(endpoint.requests).hasSize(1);
  }

  @Test
  void aPromptBeyondTheContextIsARefusedRequest() {
    endpoint.failWith(status(400, "This model's maximum context length is 8192 tokens"));
    AiCoderException e = failure(endpoint.model().build());
    assertThat(e.category()).isEqualTo(ErrorCategory.REQUEST);
    assertThat(e).hasMessageContaining("maximum context length");

    endpoint.failWith(status(404, "no such model"));
    assertThat(failure(endpoint.model().build()).category()).isEqualTo(ErrorCategory.INPUT);
  }

  @Test
  void aSlowAnswerMeetsTheDeadline() {
    CountDownLatch never = new CountDownLatch(1);
    endpoint.failWith(exchange -> never.await());
    AiCoderException e = failure(endpoint.model().optDeadline(Duration.ofMillis(300)).build());
    never.countDown();
    assertThat(e.category()).isEqualTo(ErrorCategory.EXECUTION);
    assertThat(e).hasMessageContaining("no answer within 0.3 s");
  }

  @Test
  void nobodyThereIsSaid() {
    endpoint.close();
    AiCoderException e = failure(endpoint.model().build());
    assertThat(e).hasMessageContaining("the connection failed").hasMessageContaining("serves");
    assertThatThrownBy(() -> RemoteModel.builder("localhost", "m").build())
        .hasMessageContaining("'localhost' is no http address");
  }

  @Test
  void streamsPieces() {
    try (RemoteModel model = endpoint.model().build();
        TextStream stream = model.stream(request("one two"))) {
      List<String> pieces = new ArrayList<>();
      stream.forEachRemaining(pieces::add);
      assertThat(pieces).containsExactly("you ", "said ", "one ", "two");
      assertThat(stream.result().text()).isEqualTo("you said one two");
      assertThat(stream.result().completionTokens()).isEqualTo(4);
      assertThat(model.usage().promptTokens()).isEqualTo(2);
    }
  }

  @Test
  void aBrokenStreamIsNoAnswer() {
    endpoint.failWith(LoopbackEndpoint.brokenStream());
    try (RemoteModel model = endpoint.model().build();
        TextStream stream = model.stream(request("x"))) {
      assertThat(stream.next()).isEqualTo("half an ");
      assertThatThrownBy(stream::result)
          .isInstanceOf(AiCoderException.class)
          .hasMessageContaining("model 'loop'");
      assertThat(model.usage().answers()).isZero();
    }
  }

  @Test
  void aStreamThatIsLeftIsCancelled() {
    try (RemoteModel model = endpoint.model().build();
        TextStream stream = model.stream(request("one two"))) {
      assertThat(stream.next()).isEqualTo("you ");
      stream.cancel();
      assertThat(stream.result().finishReason()).isInstanceOf(FinishReason.Cancelled.class);
      assertThat(stream.result().text()).isEqualTo("you ");
    }
  }
}
