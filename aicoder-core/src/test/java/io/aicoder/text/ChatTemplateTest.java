package io.aicoder.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.Recording;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Templates render, or refuse, as in transformers: {@code record_chat_templates.py}. */
class ChatTemplateTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonNode RECORDING = Recording.read("chat_templates.json");

  /** It has a macro, which Jinjava would render otherwise than Jinja2. */
  private static final String WITH_MACRO = "reasoning_style";

  static List<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (JsonNode template : RECORDING.get("templates")) {
      for (JsonNode conversation : template.get("cases")) {
        String name = template.get("name").textValue() + ": " + conversation.get("name").asText();
        cases.add(Arguments.of(Named.of(name, template), conversation));
      }
    }
    return cases;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void rendersAsTransformersDoes(JsonNode template, JsonNode conversation) {
    if (template.get("name").textValue().equals(WITH_MACRO)) {
      assertThatThrownBy(() -> render(template, conversation))
          .isInstanceOf(AiCoderException.class)
          .hasMessageEndingWith("line 1: 'macro' is not supported");
    } else if (conversation.has("error")) {
      assertThatThrownBy(() -> render(template, conversation))
          .isInstanceOf(AiCoderException.class)
          .hasMessage(
              "the model's chat template refuses the conversation: "
                  + conversation.get("error").textValue())
          .extracting(e -> ((AiCoderException) e).category())
          .isEqualTo(ErrorCategory.REQUEST);
    } else {
      assertThat(render(template, conversation))
          .isEqualTo(conversation.get("rendered").textValue());
    }
  }

  private static String render(JsonNode template, JsonNode conversation) {
    LocalDateTime now = LocalDateTime.parse(RECORDING.get("now").textValue());
    return new ChatTemplate(
            Path.of("chat_template.jinja"),
            template.get("template").textValue(),
            MAPPER.convertValue(template.get("special_tokens"), new TypeReference<>() {}),
            () -> now)
        .render(
            MAPPER.convertValue(
                conversation.get("messages"), new TypeReference<List<Map<String, Object>>>() {}),
            conversation.get("add_generation_prompt").booleanValue(),
            MAPPER.convertValue(conversation.get("variables"), new TypeReference<>() {}));
  }
}
