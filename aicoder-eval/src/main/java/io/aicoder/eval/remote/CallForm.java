package io.aicoder.eval.remote;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.core.JsonValue;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.ResponseFormatJsonSchema;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessage;
import com.openai.models.chat.completions.ChatCompletionNamedToolChoice;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The ways to ask an endpoint for the arguments of a function, the best first. */
enum CallForm {

  /** Tool calling. */
  TOOL {
    @Override
    void add(ChatCompletionCreateParams.Builder params, FunctionDeclaration function) {
      FunctionParameters.Builder schema = FunctionParameters.builder();
      fields(function.parameters())
          .forEach((key, value) -> schema.putAdditionalProperty(key, JsonValue.from(value)));
      params
          .addFunctionTool(
              FunctionDefinition.builder()
                  .name(function.name())
                  .description(function.description())
                  .parameters(schema.build())
                  .build())
          .toolChoice(
              ChatCompletionNamedToolChoice.builder()
                  .function(
                      ChatCompletionNamedToolChoice.Function.builder()
                          .name(function.name())
                          .build())
                  .build());
    }
  },

  /** An answer that follows a JSON Schema. */
  JSON_SCHEMA {
    @Override
    void add(ChatCompletionCreateParams.Builder params, FunctionDeclaration function) {
      params.responseFormat(
          responseFormat(function.name(), function.description(), function.parameters()));
    }
  },

  /** The conversation alone, which should say what is wanted. */
  TEXT {
    @Override
    void add(ChatCompletionCreateParams.Builder params, FunctionDeclaration function) {}
  };

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Adds to a request what asks for the call. */
  abstract void add(ChatCompletionCreateParams.Builder params, FunctionDeclaration function);

  /** Returns this form and those that ask less of an endpoint, in order. */
  List<CallForm> andLesser() {
    return List.of(values()).subList(ordinal(), values().length);
  }

  /** Returns the arguments of the first call of an answer, or else its text. */
  static String text(ChatCompletion.Choice choice) {
    ChatCompletionMessage message = choice.message();
    return message.toolCalls().orElse(List.of()).stream()
        .flatMap(call -> call.function().stream())
        .map(call -> call.function().arguments())
        .findFirst()
        .orElse(message.content().orElse(""));
  }

  /**
   * Returns what asks for an answer that a schema accepts.
   *
   * @param name what the schema is called
   * @param description what the answer is for; {@code null}: nothing is said
   * @param schema the schema, an object as JSON text
   */
  static ResponseFormatJsonSchema responseFormat(
      String name, @Nullable String description, String schema) {
    ResponseFormatJsonSchema.JsonSchema.Schema.Builder fields =
        ResponseFormatJsonSchema.JsonSchema.Schema.builder();
    fields(schema)
        .forEach((key, value) -> fields.putAdditionalProperty(key, JsonValue.from(value)));
    ResponseFormatJsonSchema.JsonSchema.Builder format =
        ResponseFormatJsonSchema.JsonSchema.builder().name(name).schema(fields.build());
    if (description != null) {
      format.description(description);
    }
    return ResponseFormatJsonSchema.builder().jsonSchema(format.build()).build();
  }

  @SuppressWarnings("unchecked") // a JSON object has texts as keys
  private static Map<String, Object> fields(String schema) {
    try {
      return JSON.readValue(schema, Map.class);
    } catch (JsonProcessingException e) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "response_format: endpoints take a schema that is an object, not " + schema,
          e);
    }
  }
}
