package io.aicoder.eval.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Samples;
import io.aicoder.eval.quality.QualityByRound;
import io.aicoder.eval.run.RunResult;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MarkdownReportTest {

  @Test
  void showsTheRecordedFigures(@TempDir Path folder) {
    QualityByRound quality =
        new QualityByRound(
            null,
            List.of(
                new QualityByRound.Round(0, 125, 20, 1.75, null, null, null),
                new QualityByRound.Round(1, 44, 9, 2.0, null, -0.25, null)));
    Path file = folder.resolve("report.md");

    MarkdownReport.write(
        file,
        new Report("Nano", List.of("Recorded."), RecordedRuns.all())
            .withPassAt(List.of(1))
            .withQuality(Map.of("nano-base + CoderGen", quality)));

    assertThat(file)
        .content()
        .startsWith("# Nano\n\nRecorded.\n\n## Results\n\n| Run | SR@All % | SR@Any % | pass@1 % |")
        .contains(
            "| nano-base | 64.8 (56.1-72.6) | 76.0 ",
            "| nano-base + CoderGen † | 65.6 ",
            "not blind",
            "## Comparison",
            "| nano-base → AICoder | 125 | +6.4 ",
            "| multimodal | 58.3 / 75.0 of 12 |",
            "| torch | 66.7 / 78.8 of 33 |",
            "| SyntaxError | 20 |",
            "| nano-base + CoderGen | 0 | 81 of 125 | 64.8 | 1.8 | - |",
            "| nano-base + CoderGen | 1 | 1 of 44 | 65.6 | 2.0 (-0.3) | - |",
            "Lints by: no linter was there.",
            "## Fix rates",
            "| The program before failed of | nano-base + CoderGen | AICoder + CoderGen |",
            "| SyntaxError | 0 of 20 (0.0 %) |",
            "| adapter | none | none | nano-aicoder-reference |")
        .doesNotContain("By difficulty", "USD", "‡", "## Reruns");
  }

  @Test
  void showsWhatABlindRunSawAndCost() {
    RunResult blind = RecordedRuns.blind();
    String text =
        MarkdownReport.render(
            new Report("Nano", List.of(), List.of(RecordedRuns.all().get(0), blind))
                .withFlakes(Map.of(blind.name(), RecordedRuns.flakes())));

    assertThat(text)
        .contains("| Seconds | USD |", "| nano-base + CoderGen, blind ‡ | 65.6 ", " | 1.69 |")
        .contains("‡ Blind: the agent saw other tests")
        .contains("| nano-base + CoderGen, blind | 1 | 1 of 44 |", "| SyntaxError | 0 of 20 ")
        .contains("| nano-base + CoderGen, blind | 3 | 1 of 125 (", "test/00002 (partial 1/3, pass")
        .doesNotContain("not blind");
  }

  @Test
  void nothingInATextIsMarkup() {
    Sample sample =
        new Sample("k", "t", 0, "a|b\nc", "*lib*", "<hard>", List.of(Samples.wrong()), null);

    String text =
        MarkdownReport.render(
            new Report(
                "# [x](y)",
                List.of(),
                List.of(RecordedRuns.run("r", List.of(sample), new TreeMap<>()))));

    assertThat(text)
        .contains("a\\|b c", "\\*lib\\*", "\\<hard\\>", "# # \\[x\\](y)", "(wrong value)")
        .doesNotContain("## Rounds", "## Comparison");
  }

  @Test
  void moreSamplesThanThereAreAreRefused() {
    Report report = new Report("Nano", List.of(), RecordedRuns.all()).withPassAt(List.of(1, 5));
    assertThatThrownBy(() -> MarkdownReport.render(report))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("pass@5: task test/00")
        .hasMessageContaining("ask for k up to 1");
  }
}
