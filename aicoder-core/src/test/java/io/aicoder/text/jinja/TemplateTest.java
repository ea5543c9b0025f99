package io.aicoder.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.fixture.Recording;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The template language is Jinja's, values are Python's: {@code record_jinja.py}. */
class TemplateTest {

  private static final JsonNode RECORDING = Recording.read("jinja.json");

  private static final Map<String, Object> VARIABLES =
      new ObjectMapper().convertValue(RECORDING.get("variables"), new TypeReference<>() {});

  static List<Arguments> recorded(String outcome) {
    List<Arguments> cases = new ArrayList<>();
    for (JsonNode entry : RECORDING.get("cases")) {
      if (entry.has(outcome)) {
        cases.add(Arguments.of(entry.get("template").textValue(), entry.get(outcome).textValue()));
      }
    }
    return cases;
  }

  static List<Arguments> rendered() {
    return recorded("rendered");
  }

  static List<Arguments> failed() {
    return recorded("error");
  }

  @ParameterizedTest
  @MethodSource("rendered")
  void rendersAsJinjaDoes(String template, String expected) {
    assertThat(Template.parse(template).render(VARIABLES)).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("failed")
  void failsWhereJinjaFails(String template, String error) {
    assertThatThrownBy(() -> Template.parse(template).render(VARIABLES))
        .as(error)
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void namesTheLineOfWhatCannotBeRendered() {
    assertThatThrownBy(
            () -> Template.parse("a\n\n{% if yes %}\n {{ t + 1 }}{% endif %}").render(VARIABLES))
        .isInstanceOfSatisfying(TemplateException.class, e -> assertThat(e.line()).isEqualTo(4))
        .hasMessage("'+' does not work for str and int");
  }

  @Test
  void namesTheLineOfWhatCannotBeRead() {
    assertThatThrownBy(() -> Template.parse("a\n{{ t | frobnicate }}"))
        .isInstanceOfSatisfying(TemplateException.class, e -> assertThat(e.line()).isEqualTo(2))
        .hasMessage("the filter 'frobnicate' is not supported");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ 'a' * 1000000000000 }}",
        "{{ range(1000000000) | list }}",
        "{{ 10 ** 400 }}",
        "{{ ''.__class__.__mro__ }}{{ ''.getClass().forName('java.lang.Runtime') }}",
      })
  void refusesWhatWouldDoHarm(String template) {
    assertThatThrownBy(() -> Template.parse(template).render(Map.of()))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void refusesATemplateThatIsNestedTooDeep() {
    assertThatThrownBy(() -> Template.parse("{{ " + "(".repeat(100_000)))
        .isInstanceOf(TemplateException.class);
  }
}
