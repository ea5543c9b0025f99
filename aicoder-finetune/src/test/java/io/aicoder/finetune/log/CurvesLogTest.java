package io.aicoder.finetune.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page is there from the first step on, and right at the end. */
class CurvesLogTest {

  private final Path folder;

  CurvesLogTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private MetricsListener listener(Path page) {
    Path metrics = folder.resolve("metrics.jsonl");
    return MetricsListener.all(
        List.of(
            JsonLinesLog.open(metrics, 0),
            new CurvesLog(page, "A training", metrics, Map.of("rank", "8"))));
  }

  @Test
  void thePageFollowsTheTraining() throws IOException {
    Path page = folder.resolve("curves.html");
    try (MetricsListener listener = listener(page)) {
      Figures.tell(listener, 1, 1);
      assertThat(page).content().contains("1 steps", "Not finished when this page was written");
      long first = Files.getLastModifiedTime(page).toMillis();
      Figures.tell(listener, 2, 9);
      assertThat(Files.getLastModifiedTime(page).toMillis()).isEqualTo(first); // too soon
      listener.finished(new RunSummary(9, 99, 1, RunSummary.Ending.FAILED, "the disk is full"));
      assertThat(page).content().contains("9 steps", "Failed: the disk is full");
    }
  }

  @Test
  void aPageThatCannotBeWrittenEndsNothing() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "mine");
    try (MetricsListener listener = listener(file.resolve("curves.html"))) {
      Figures.tell(listener, 1, 4);
      listener.finished(Figures.summary(4));
    }
    assertThat(file).hasContent("mine");
    assertThat(JsonLinesLog.read(folder.resolve("metrics.jsonl")).steps()).hasSize(4);
  }
}
