package io.aicoder.eval.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.eval.quality.QualityByRound;
import io.aicoder.eval.run.RunResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonReportTest {

  private static final Report REPORT =
      new Report("Nano", List.of("Recorded outputs."), RecordedRuns.all());

  @Test
  void hasTheDocumentedFields(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("deep/report.json");

    JsonReport.write(file, REPORT);

    JsonNode root = new ObjectMapper().readTree(file.toFile());
    assertThat(fields(root)).containsExactly("version", "title", "notes", "rows", "comparisons");
    JsonNode row = root.at("/rows/0");
    assertThat(fields(row))
        .containsExactly(
            "name",
            "sees_tests",
            "blind",
            "sr_all",
            "sr_any",
            "cl",
            "ct",
            "tokens",
            "seconds",
            "verdicts",
            "pass_at",
            "by_domain",
            "by_library",
            "by_difficulty",
            "errors",
            "rounds",
            "fix_rates",
            "settings");
    assertThat(fields(row.get("sr_all")))
        .containsExactly("value", "low", "high", "successes", "total");
    assertThat(fields(row.at("/by_domain/tabular data")))
        .containsExactly("sr_all", "sr_any", "cl", "ct", "tokens", "seconds", "verdicts");
  }

  @Test
  void carriesTheRecordedFigures(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("report.json");

    JsonReport.write(file, REPORT);

    JsonNode rows = new ObjectMapper().readTree(file.toFile()).get("rows");
    assertThat(rows.at("/0/sr_all/value").asDouble()).isEqualTo(0.648);
    assertThat(rows.at("/0/sr_all/low").asDouble()).isCloseTo(0.561, within(5e-4));
    assertThat(rows.at("/0/sr_any/successes").asInt()).isEqualTo(95);
    assertThat(rows.at("/0/verdicts/passed").asInt()).isEqualTo(81);
    assertThat(rows.at("/0/by_domain/multimodal/sr_any/value").asDouble()).isEqualTo(0.75);
    assertThat(rows.at("/0/sees_tests").asBoolean()).isFalse();
    assertThat(rows.at("/1/sr_any/value").asDouble()).isEqualTo(0.792);
    assertThat(rows.at("/1/sees_tests").asBoolean()).isTrue();
    assertThat(rows.at("/2/settings/adapter").asText()).isEqualTo("nano-aicoder-reference");
  }

  @Test
  void carriesErrorsRoundsAndQuality() throws IOException {
    QualityByRound quality =
        new QualityByRound(
            "ruff 0.14", List.of(new QualityByRound.Round(0, 125, 20, 1.75, 0.5, null, null)));
    Report report =
        REPORT.withPassAt(List.of(1)).withQuality(Map.of("nano-base + CoderGen", quality));

    JsonNode rows = new ObjectMapper().readTree(JsonReport.render(report)).get("rows");

    assertThat(rows.at("/0/pass_at/1/value").asDouble()).isEqualTo(0.648);
    assertThat(rows.at("/0/by_library/torch/sr_all/total").asInt()).isEqualTo(33);
    assertThat(rows.at("/0/by_difficulty/unknown/sr_all/total").asInt()).isEqualTo(125);
    JsonNode error = rows.at("/0/errors/0");
    assertThat(error.get("type").asText()).isEqualTo("SyntaxError");
    assertThat(error.get("uncaught").asInt()).isEqualTo(20);
    assertThat(error.at("/traceback/frames/0/own").asBoolean()).isTrue();
    assertThat(rows.at("/1/rounds/1/fixed/successes").asInt()).isEqualTo(1);
    assertThat(rows.at("/1/rounds/1/solved/successes").asInt()).isEqualTo(82);
    assertThat(rows.at("/1/rounds/0/quality/lints").asDouble()).isEqualTo(0.5);
    assertThat(rows.at("/1/linter").asText()).isEqualTo("ruff 0.14");
    assertThat(rows.at("/0").has("linter")).isFalse();
  }

  @Test
  void carriesFixRatesRerunsAndCosts() throws IOException {
    RunResult seeing = RecordedRuns.all().get(1);
    RunResult blind = RecordedRuns.blind();
    Report report =
        new Report("Nano", List.of(), List.of(seeing, blind))
            .withFlakes(Map.of(blind.name(), RecordedRuns.flakes()));

    JsonNode rows = new ObjectMapper().readTree(JsonReport.render(report)).get("rows");

    JsonNode fixes = rows.at("/0/fix_rates");
    assertThat(fixes.at("/by_round/1/successes").asInt()).isEqualTo(1);
    assertThat(fixes.at("/by_round/1/total").asInt()).isEqualTo(44);
    assertThat(fixes.at("/by_failure/SyntaxError/total").asInt()).isEqualTo(20);
    int repaired = 0;
    for (JsonNode rate : fixes.get("by_failure")) {
      repaired += rate.get("total").asInt();
    }
    assertThat(repaired).isEqualTo(44);
    assertThat(rows.at("/0/blind").asBoolean()).isFalse();
    assertThat(rows.at("/0").has("usd")).isFalse();
    assertThat(rows.at("/0").has("flakes")).isFalse();
    // The scoring run at the end is no further try.
    assertThat(rows.at("/1/fix_rates")).isEqualTo(fixes);
    assertThat(rows.at("/1/rounds")).isEqualTo(rows.at("/0/rounds"));
    assertThat(rows.at("/1/blind").asBoolean()).isTrue();
    assertThat(rows.at("/1/sees_tests").asBoolean()).isFalse();
    assertThat(rows.at("/1/usd").asDouble()).isCloseTo(0.01 * (125 + 44), within(1e-9));
    assertThat(rows.at("/1/flakes/rate/successes").asInt()).isEqualTo(1);
    assertThat(rows.at("/1/flakes/flaky/0/outcomes/0").asText()).isEqualTo("partial 1/3");
  }

  @Test
  void replacesAnOlderFileAndLeavesNothingBeside(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("report.json"), "old");

    JsonReport.write(file, REPORT);

    assertThat(file).content().startsWith("{").endsWith("}\n");
    assertThat(folder).isDirectoryContaining(file::equals);
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void namesTheFileThatCannotBeWritten(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("taken"), "").resolve("report.json");

    assertThatThrownBy(() -> JsonReport.write(file, REPORT))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void aReportHasRunsWithNamesOfTheirOwn() {
    RunResult run = RecordedRuns.all().get(0);

    assertThatThrownBy(() -> new Report("none", List.of(), List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Report("twice", List.of(), List.of(run, run)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'nano-base'");
  }

  private static List<String> fields(JsonNode node) {
    return node.properties().stream().map(field -> field.getKey()).toList();
  }
}
