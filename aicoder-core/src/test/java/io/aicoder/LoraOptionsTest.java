package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.generate.GenerationRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every option that PEFT's {@code LoraConfig} has ({@code record_lora_options.py}) does what the
 * table in {@code docs/adapters.md} says.
 */
@TestInstance(Lifecycle.PER_CLASS)
class LoraOptionsTest {

  private static final String CONFIG = "adapter_config.json";
  private static final Pattern ROW =
      Pattern.compile("\\| `(\\w+)` \\| (honoured|no effect|refused) \\|.*");

  private AiCoder coder;

  @BeforeAll
  void load(@TempDir Path directory) {
    coder = AiCoder.load(ModelDirectory.checkpoint("tied", directory).path());
    coder.loadAdapter("plain", Recording.path("adapters/q_v"));
  }

  @AfterAll
  void close() {
    coder.close();
  }

  private static JsonNode options() {
    return Recording.read("lora_options.json").get("options");
  }

  private static Map<String, String> documented() throws IOException {
    Map<String, String> rows = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("..", "docs", "adapters.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        rows.put(row.group(1), row.group(2));
      }
    }
    return rows;
  }

  static List<String> with(String kind) throws IOException {
    List<String> options = new ArrayList<>();
    documented()
        .forEach((option, said) -> options.addAll(said.equals(kind) ? List.of(option) : List.of()));
    return options;
  }

  static List<String> refused() throws IOException {
    return with("refused");
  }

  static List<String> withoutEffect() throws IOException {
    return with("no effect");
  }

  static List<String> honoured() throws IOException {
    return with("honoured");
  }

  @Test
  void theTableHasTheOptionsThatPeftHas() throws IOException {
    List<String> options = new ArrayList<>();
    options().fieldNames().forEachRemaining(options::add);
    assertThat(documented().keySet()).containsExactlyInAnyOrderElementsOf(options);
  }

  private static Path with(String option, String state, Path directory) {
    JsonNode value = options().get(option).get(state);
    return ModelDirectory.adapter("q_v", directory)
        .edit(CONFIG, config -> config.set(option, value))
        .path();
  }

  @ParameterizedTest
  @MethodSource("refused")
  void aRefusedOptionIsNamed(String option, @TempDir Path directory) {
    Path on = with(option, "on", directory);
    assertThatThrownBy(() -> coder.loadAdapter("on", on))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining(CONFIG + ": " + option + " ")
        .hasMessageContaining("is not supported");
    coder.loadAdapter("off", with(option, "off", directory));
    coder.unloadAdapter("off");
  }

  @ParameterizedTest
  @MethodSource("withoutEffect")
  void anOptionWithoutEffectChangesNothing(String option, @TempDir Path directory) {
    coder.loadAdapter(option, with(option, "on", directory));
    assertThat(generate(option)).isEqualTo(generate("plain"));
    coder.unloadAdapter(option);
  }

  private List<Integer> generate(String adapter) {
    return coder
        .generate(
            GenerationRequest.tokens(List.of(1, 8, 64))
                .optMaxNewTokens(16)
                .optAdapter(adapter)
                .build())
        .ids();
  }

  /** What it computes is the parity tests' matter; here it may not be passed over. */
  @ParameterizedTest
  @MethodSource("honoured")
  void anHonouredOptionIsLookedAt(String option, @TempDir Path directory) {
    Path wrong =
        ModelDirectory.adapter("q_v", directory)
            .edit(CONFIG, config -> config.put(option, 0.5))
            .path();
    if (option.equals("lora_alpha")) {
      coder.loadAdapter(option, wrong);
      assertThat(generate(option)).isNotEqualTo(generate("plain"));
      coder.unloadAdapter(option);
    } else {
      assertThatThrownBy(() -> coder.loadAdapter("wrong", wrong))
          .isInstanceOf(AiCoderException.class)
          .hasMessageContaining(CONFIG + ": " + option + " ");
    }
  }
}
