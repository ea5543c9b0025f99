package io.aicoder.eval.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.eval.metric.Rate;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ConsoleProgressTest {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  private String run(ConsoleProgress progress) {
    progress.phaseStarted("base", 100);
    for (int i = 1; i <= 100; i++) {
      progress.finished("t", new Rate(i / 2, i));
    }
    progress.phaseEnded("base");
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void writesFewWholeLinesIntoALog() {
    String text = run(ConsoleProgress.to(out, false));
    assertThat(text)
        .doesNotContain("\r")
        .startsWith("base: 100 to do\n")
        .containsPattern("base: 100 of 100, 50\\.0 % pass, [0-9,]+\\.\\d/s, 0 s\n$");
    assertThat(text.lines()).hasSize(2);
  }

  @Test
  void movesABarOnATerminal() {
    String text = run(ConsoleProgress.to(out, true));
    assertThat(text).contains("\r", "base", "100%", "/s", "50.0 % pass");
  }
}
