package io.aicoder.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.eval.metric.Rate;
import io.aicoder.eval.metric.Scores;
import io.aicoder.eval.run.RunResult;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConsoleTableTest {

  @Test
  void showsTheRecordedFiguresWithTheirIntervals() {
    String table = ConsoleTable.render(RecordedRuns.all());

    assertThat(table.lines().toList())
        .anySatisfy(
            line ->
                assertThat(line)
                    .matches(" *nano-base +\\| +64\\.8 +\\| 56\\.1-72\\.6 +\\| +76\\.0 .*"))
        .anySatisfy(
            line -> assertThat(line).matches(" *nano-base \\+ CoderGen \\* +\\| +65\\.6 .*"))
        .anySatisfy(line -> assertThat(line).matches(" *AICoder +\\| +71\\.2 .*"));
    assertThat(table).contains("SR@All %", "CL", "CT", "tokens", "seconds");
    assertThat(table).endsWith("not blind\n");
  }

  @Test
  void staysWithin120ColumnsWhateverTheRow() {
    Rate all = new Rate(1_000_000, 1_000_000);
    Scores scores =
        new Scores(all, all, 123.4, 1234.5, 98_765_432_109L, 123_456.7, new TreeMap<>(), null);
    RunResult run =
        new RunResult(
            "a run whose name somebody made far too long for any table to show in one line",
            scores,
            new TreeMap<>(),
            List.of(),
            new TreeMap<>());

    String table = ConsoleTable.render(List.of(run));

    assertThat(table.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(120));
    assertThat(table).contains("98,765.4 M", "123,457").doesNotContain("not blind");
  }

  @Test
  void aRateOfNothingIsADash() {
    assertThat(Numbers.percent(new Rate(0, 0))).isEqualTo("-");
    assertThat(Numbers.interval(new Rate(0, 0))).isEqualTo("-");
    assertThat(Numbers.decimal(Double.NaN)).isEqualTo("-");
  }
}
