package io.aicoder.eval.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesFileTest {

  private static final JsonLinesFile.Kind KIND = new JsonLinesFile.Kind("a test", "write it again");

  private final Path file;

  JsonLinesFileTest(@TempDir Path folder) {
    file = folder.resolve("deep/lines.jsonl");
  }

  /** A line. */
  public record Line(int number, @Nullable String text) {}

  @Test
  void linesComeBackAndHalfOfOneIsDropped() throws IOException {
    try (JsonLinesFile lines = JsonLinesFile.open(file)) {
      lines.add(new Line(1, "a\u2028\ud83d\ude00\n"));
      lines.append(new Line(2, null), false);
    }
    assertThat(Files.readAllLines(file)).element(1).isEqualTo("{\"number\":2}");
    Files.writeString(file, Files.readString(file) + "{\"number\":3");
    assertThat(JsonLinesFile.read(file, Line.class, KIND))
        .containsExactly(new Line(1, "a\u2028\ud83d\ude00\n"), new Line(2, null));

    List<String> seen = new ArrayList<>();
    try (JsonLinesFile lines = JsonLinesFile.open(file, (number, text) -> seen.add(text))) {
      lines.add(new Line(4, "\ud83d"));
    }
    assertThat(seen).hasSize(2);
    assertThat(JsonLinesFile.read(file, Line.class, KIND)).element(2).isEqualTo(new Line(4, "?"));
  }

  @Test
  void aLineOfSomethingElseIsNamed() throws IOException {
    Files.createDirectories(file.getParent());
    for (String line : List.of("{\"number\":\"x\"}", "null", "[", "{\"other\":1}")) {
      Files.writeString(file, "{\"number\":1}\n" + line + "\n");
      assertThatThrownBy(() -> JsonLinesFile.read(file, Line.class, KIND))
          .as(line)
          .isInstanceOfSatisfying(
              AiCoderException.class, e -> assertThat(e.category()).isEqualTo(ErrorCategory.INPUT))
          .hasMessageStartingWith(file + ": line 2: is no line of a test")
          .hasMessageEndingWith("; write it again");
    }
    assertThatThrownBy(() -> JsonLinesFile.lines(file.resolve("no")))
        .hasMessageContaining("cannot be read");
  }

  @Test
  void aFileOfAnotherKindIsLeftAlone() throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "my only copy");
    assertThatThrownBy(() -> JsonLinesFile.open(file))
        .hasMessage(file + ": line 1: is no JSON object; choose another file");
    assertThat(file).content().isEqualTo("my only copy");
  }

  @Test
  void onlyOneMayWrite() {
    JsonLinesFile lines = JsonLinesFile.open(file);
    assertThatThrownBy(() -> JsonLinesFile.open(file))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT))
        .hasMessageContaining("another run is writing it");
    lines.close();
    JsonLinesFile.open(file).close();
    assertThatThrownBy(() -> lines.add(new Line(1, "late")))
        .hasMessageContaining("cannot be read or written");
  }
}
