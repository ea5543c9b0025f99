package io.aicoder.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.fixture.Recording;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Small templates, one property of Jinja2 each: {@code record_jinja.py}. What Jinjava has not is
 * refused; what it renders otherwise without saying so is listed in {@code jinja_differences.json},
 * and nothing else.
 */
class JinjaTemplateTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonNode RECORDING = Recording.read("jinja.json");
  private static final JsonNode DIFFERENCES = Recording.read("jinja_differences.json");

  @Test
  void rendersAsJinjaDoesOrRefuses() {
    List<String> different = new ArrayList<>();
    int same = 0;
    for (JsonNode entry : RECORDING.get("cases")) {
      String rendered = entry.has("rendered") ? render(entry) : null;
      if (rendered != null && rendered.equals(entry.get("rendered").textValue())) {
        same++;
      } else if (rendered != null) {
        different.add(entry.get("template").textValue());
      }
    }
    assertThat(new TreeSet<>(different)).isEqualTo(known("rendered otherwise"));
    assertThat(same).isGreaterThan(230);
  }

  @Test
  void failsWhereJinjaFails() {
    List<String> lenient = new ArrayList<>();
    for (JsonNode entry : RECORDING.get("cases")) {
      if (entry.has("error") && render(entry) != null) {
        lenient.add(entry.get("template").textValue());
      }
    }
    assertThat(new TreeSet<>(lenient)).isEqualTo(known("rendered where Jinja fails"));
  }

  private static TreeSet<String> known(String kind) {
    return MAPPER.convertValue(DIFFERENCES.get(kind), new TypeReference<>() {});
  }

  /** Returns the text, or {@code null} when the template is refused. */
  private static @Nullable String render(JsonNode entry) {
    try {
      return render(entry.get("template").textValue());
    } catch (JinjaTemplate.BrokenException e) {
      assertThat(e.getMessage()).isNotBlank();
      return null;
    }
  }

  private static String render(String template) {
    return new JinjaTemplate(template, LocalDateTime::now)
        .render(MAPPER.convertValue(RECORDING.get("variables"), new TypeReference<>() {}));
  }

  /** Jinjava would leave the value out, and the model would never be told. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{{ t | nope }}; the filter 'nope' is not supported",
        "{% if t is nope %}a{% endif %}; the test 'nope' is not supported",
        "{% for x in xs %}a{% else %}b{% endfor %}; 'else' of a loop is not supported",
        "{% macro m() %}{% endmacro %}; 'macro' is not supported",
      })
  void whatJinjavaWouldSkipIsRefused(String template, String problem) {
    assertThatThrownBy(() -> render(template))
        .isInstanceOf(JinjaTemplate.BrokenException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void aNameInAStringIsNoFilter() {
    assertThat(render("{{ 'a | nope' ~ \" is nope\" }}")).isEqualTo("a | nope is nope");
  }

  @Test
  void linesAreCountedAsInTheFile() {
    String template =
        "{# one\n two #}\n{%- set a = 1 -%}\n\n  {% if t %}\n{{ t.nothing() }}{% endif %}";
    assertThatThrownBy(() -> render(template))
        .isInstanceOf(JinjaTemplate.BrokenException.class)
        .hasMessageStartingWith("line 6: ");
  }
}
