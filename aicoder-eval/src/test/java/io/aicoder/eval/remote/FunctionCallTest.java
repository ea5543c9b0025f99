package io.aicoder.eval.remote;

import static io.aicoder.eval.remote.LoopbackEndpoint.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.constrain.Constraint;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.ScriptedModel;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FunctionCallTest {

  private static final FunctionDeclaration SAVE =
      new FunctionDeclaration(
          "save",
          "Saves it.",
          "{\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\"}}}");

  private final LoopbackEndpoint endpoint;

  FunctionCallTest() throws IOException {
    endpoint = new LoopbackEndpoint(prompt -> "{\"name\": \"" + prompt + "\"}");
  }

  @AfterEach
  void closeEndpoint() {
    endpoint.close();
  }

  private static GenerationRequest request(String prompt) {
    return GenerationRequest.chat(ChatMessage.user(prompt)).optTemperature(0.0).build();
  }

  @Test
  void aToolIsOfferedAndItsArgumentsAreTheAnswer() throws IOException {
    try (RemoteModel model = endpoint.model().build()) {
      assertThat(model.call(request("x"), SAVE).text()).isEqualTo("{\"name\": \"x\"}");
      assertThat(model.usage().completionTokens()).isEqualTo(2);
    }
    JsonNode sent = endpoint.requests.get(0);
    JsonNode tool =
        new ObjectMapper()
            .readTree(
                """
                [{"type": "function", "function": {"name": "save", "description": "Saves it.",
                 "parameters": {"type": "object", "properties": {"name": {"type": "string"}}}}}]
                """);
    assertThat(sent.get("tools")).isEqualTo(tool);
    assertThat(sent.at("/tool_choice/function/name").asText()).isEqualTo("save");
  }

  @Test
  void anEndpointWithoutToolsIsAskedInLesserFormsFromThenOn() {
    endpoint.failWith(status(400, "tools are not supported"));
    try (RemoteModel model = endpoint.model().build()) {
      assertThat(model.call(request("x"), SAVE).text()).isEqualTo("{\"name\": \"x\"}");
      model.call(request("y"), SAVE);
      endpoint.failWith(status(422, "response_format is not supported"));
      assertThat(model.call(request("z"), SAVE).text()).isEqualTo("{\"name\": \"z\"}");
    }
    assertThat(endpoint.requests)
        .extracting(sent -> sent.has("tools") + " " + sent.has("response_format"))
        .containsExactly("true false", "false true", "false true", "false true", "false false");
    JsonNode format = endpoint.requests.get(1).get("response_format");
    assertThat(format.get("type").asText()).isEqualTo("json_schema");
    assertThat(format.at("/json_schema/schema/properties/name/type").asText()).isEqualTo("string");
  }

  @Test
  void whatIsRefusedInEveryFormIsRefusedAndTheFormStays() {
    endpoint.failWith(status(400, "long"), status(400, "too long"), status(400, "much too long"));
    try (RemoteModel model = endpoint.model().build()) {
      assertThatThrownBy(() -> model.call(request("x"), SAVE))
          .isInstanceOfSatisfying(
              AiCoderException.class,
              e -> assertThat(e.category()).isEqualTo(ErrorCategory.REQUEST))
          .hasMessageContaining("much too long");
      model.call(request("y"), SAVE);
    }
    assertThat(endpoint.requests.get(3).has("tools")).isTrue();
  }

  @Test
  void callsAreRecordedAndReplayed(@TempDir Path folder) {
    Path file = folder.resolve("calls.jsonl");
    try (RecordingModel model = new RecordingModel(endpoint.model().build(), file)) {
      model.call(request("x"), SAVE);
    }
    RecordedModel recorded = RecordedModel.load(file);
    assertThat(recorded.call(request("x"), SAVE).text()).isEqualTo("{\"name\": \"x\"}");
    assertThatThrownBy(() -> recorded.generate(request("x")))
        .hasMessageContaining("is not recorded");
    FunctionDeclaration other = new FunctionDeclaration("other", "", SAVE.parameters());
    assertThatThrownBy(() -> recorded.call(request("x"), other))
        .hasMessageContaining("is not recorded");
  }

  @Test
  void aModelThatCannotCallIsKeptToTheParameters() {
    ScriptedModel model = new ScriptedModel(prompt -> "{\"name\": \"" + prompt + "\"}");
    assertThat(FunctionCallingModel.call(model, request("x"), SAVE).text())
        .isEqualTo("{\"name\": \"x\"}");
    GenerationRequest asked = model.requests.get(0);
    assertThat(asked.constraint()).isEqualTo(new Constraint.JsonSchema(SAVE.parameters()));
    assertThat(asked.sampling()).isEqualTo(request("x").sampling());
  }

  @Test
  void aConstraintBesideACallIsRefused() {
    GenerationRequest request =
        GenerationRequest.chat(ChatMessage.user("x"))
            .optConstraint(new Constraint.JsonSchema(SAVE.parameters()))
            .build();
    try (RemoteModel model = endpoint.model().build()) {
      assertThatThrownBy(() -> model.call(request, SAVE))
          .hasMessage("constraint: not together with a function call; leave one out");
    }
    assertThat(endpoint.requests).isEmpty();
  }

  @Test
  void aDeclarationIsChecked() {
    assertThatThrownBy(() -> new FunctionDeclaration("a b", "", "{}"))
        .hasMessageContaining("'a b' is no name");
    assertThatThrownBy(() -> new FunctionDeclaration("a", "", "[]"))
        .hasMessageContaining("JSON Schema of an object");
    assertThatThrownBy(() -> new FunctionDeclaration("a", "", "{"))
        .hasMessageContaining("is no JSON");
  }
}
