package io.aicoder.finetune.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CSV and JSON lines: what they say, and that a resumed training says nothing twice. */
class LineLogsTest {

  private Path folder;

  @BeforeEach
  void place(@TempDir Path temporary) {
    folder = temporary.resolve("logs");
  }

  private CsvLog csv(long afterStep) {
    return CsvLog.open(folder.resolve("steps.csv"), folder.resolve("scores.csv"), afterStep);
  }

  private JsonLinesLog json(long afterStep) {
    return JsonLinesLog.open(folder.resolve("metrics.jsonl"), afterStep);
  }

  private List<CSVRecord> records(String name) throws IOException {
    try (CSVParser parser =
        CSVFormat.RFC4180
            .builder()
            .setHeader()
            .setSkipHeaderRecord(true)
            .get()
            .parse(Files.newBufferedReader(folder.resolve(name)))) {
      return parser.getRecords();
    }
  }

  @Test
  void aResumedTrainingWritesWhatAnUndisturbedOneWrites() throws IOException {
    try (MetricsListener undisturbed = MetricsListener.all(List.of(csv(0), json(0)))) {
      Figures.tell(undisturbed, 1, 20);
      undisturbed.finished(Figures.summary(20));
    }
    Map<String, String> expected = texts();
    try (MetricsListener killed = MetricsListener.all(List.of(csv(0), json(0)))) {
      Figures.tell(killed, 1, 13);
    }
    for (String name : expected.keySet()) {
      Files.writeString(folder.resolve(name), "{\"torn\": 14", StandardOpenOption.APPEND);
    }
    try (MetricsListener resumed = MetricsListener.all(List.of(csv(8), json(8)))) {
      Figures.tell(resumed, 9, 20);
      resumed.finished(Figures.summary(20));
    }
    assertThat(texts()).isEqualTo(expected);
  }

  private Map<String, String> texts() throws IOException {
    return Map.of(
        "steps.csv", Files.readString(folder.resolve("steps.csv")),
        "scores.csv", Files.readString(folder.resolve("scores.csv")),
        "metrics.jsonl", Files.readString(folder.resolve("metrics.jsonl")));
  }

  @Test
  void aFinishedTrainingThatGoesOnHasOneEnd() throws IOException {
    try (JsonLinesLog log = json(0)) {
      Figures.tell(log, 1, 4);
      log.finished(Figures.summary(4));
    }
    try (JsonLinesLog log = json(4)) {
      Figures.tell(log, 5, 6);
      log.finished(Figures.summary(6));
    }
    RunHistory history = JsonLinesLog.read(folder.resolve("metrics.jsonl"));
    assertThat(history.steps()).hasSize(6).last().isEqualTo(Figures.step(6));
    assertThat(history.evaluations()).containsExactly(Figures.evaluation(4));
    assertThat(history.summary()).isEqualTo(Figures.summary(6));
  }

  @Test
  void csvCanBeRead() throws IOException {
    try (CsvLog log = csv(0)) {
      Figures.tell(log, 1, 4);
      log.evaluated(new EvaluationMetrics(4, null, Map.of("a, \"b\"\nc", 2.0)));
    }
    CSVRecord step = records("steps.csv").get(3);
    assertThat(step.get("step")).isEqualTo("4");
    assertThat(step.get("loss")).isEqualTo("0.25");
    assertThat(step.get("learning_rate")).isEqualTo("1.0E-4");
    assertThat(step.get("resident_bytes")).isEqualTo(String.valueOf(3L << 29));
    assertThat(records("scores.csv"))
        .extracting(CSVRecord::toList)
        .containsExactly(
            List.of("4", "validation_loss", "0.5"),
            List.of("4", "SR@All", "0.25"),
            List.of("4", "a, \"b\" c", "2.0"));
  }

  @Test
  void figuresThatAreNotFiniteSurvive() {
    StepMetrics broken =
        new StepMetrics(1, 0, Double.NaN, 0, Double.POSITIVE_INFINITY, 0, 0, 0, 0, null);
    try (JsonLinesLog log = json(0)) {
      log.step(broken);
    }
    assertThat(JsonLinesLog.read(folder.resolve("metrics.jsonl")).steps()).containsExactly(broken);
  }

  @Test
  void foreignFilesAreNamed() throws IOException {
    Path file = Files.createDirectories(folder).resolve("other.jsonl");
    for (String line : List.of("[]", "{}", "no", "{\"type\":\"step\",\"step\":\"x\"}")) {
      Files.writeString(file, line + "\n", StandardCharsets.UTF_8);
      assertThatThrownBy(() -> JsonLinesLog.read(file))
          .as(line)
          .isInstanceOfSatisfying(
              AiCoderException.class, e -> assertThat(e.category()).isEqualTo(ErrorCategory.INPUT))
          .hasMessageContaining("other.jsonl: line 1");
    }
    assertThatThrownBy(() -> JsonLinesLog.open(folder.resolve("other.jsonl/x"), 0))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("cannot be written");
  }

  @Test
  void memoryIsThatOfThisProcess() throws IOException {
    assertThat(ResidentMemory.parse("VmPeak:\t 12 kB\nVmRSS:\t   2048 kB\n")).isEqualTo(2L << 20);
    assertThat(ResidentMemory.parse("")).isNull();
    if (Files.exists(Path.of("/proc/self/status"))) {
      assertThat(ResidentMemory.bytes()).isGreaterThan(10L << 20);
    }
  }
}
