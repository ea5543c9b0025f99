package io.aicoder.eval.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.quality.QualityByRound;
import io.aicoder.eval.run.RunResult;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opens a written report in a real headless Chromium and reads what became of it. */
class HtmlReportBrowserTest {

  private static final List<String> OPTIONS =
      List.of(
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--disable-dev-shm-usage",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
          "--hide-scrollbars",
          "--window-size=1280,2400",
          "--virtual-time-budget=10000");

  private static final QualityByRound QUALITY =
      new QualityByRound(
          null,
          List.of(
              new QualityByRound.Round(0, 125, 20, 1.75, null, null, null),
              new QualityByRound.Round(1, 44, 9, 2.0, null, 0.25, null)));

  @BeforeEach
  void findBrowser() {
    boolean found =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "chromium")));
    assumeTrue(found, "chromium is not on the PATH, so no browser opens the report");
  }

  @Test
  void itsScriptsDrawTheChartsAndTheTasks(@TempDir Path folder) throws Exception {
    // Kept after the test, for people to look at.
    Path file = report(Path.of("target/recorded-report.html"));

    Dom dom = open(file, "", folder);

    assertThat(dom.root()).isEqualTo("<html lang=\"en\" data-ready=\"true\">");
    // Runs, pass@1, domains, verdicts, errors, rounds.
    assertThat(dom.count("<svg class=\"chart\"")).isEqualTo(6);
    assertThat(dom.count("class=\"whisker\"")).isEqualTo(4 * 2 + 4 + 7 * 4);
    assertThat(dom.count("class=\"line\"")).isEqualTo(2);
    assertThat(dom.count("<g class=\"bar run-0\"")).isBetween(5L, 12L);
    assertThat(dom.count(">81 of 125</td>")).isPositive();
    assertThat(dom.count(">2.00 \\(\\+0.25\\)</td>")).isEqualTo(1);
    assertThat(dom.count("No linter was there")).isEqualTo(1);
    assertThat(dom.count("<g class=\"part verdict-passed\"")).isEqualTo(4);
    assertThat(dom.count("<tr class=\"task\"")).isEqualTo(125);
    assertThat(dom.count(">run_count_blobs</span>")).isEqualTo(1);
    assertThat(dom.count("<output[^>]*>125 tasks<")).isEqualTo(1);
    assertThat(dom.count(">SyntaxError</th><td><a href=[^>]*>20<")).isEqualTo(1);
    assertThat(dom.count(">SyntaxError</th><td>0 of 20 <b>0.0 %</b>")).isEqualTo(1);
    assertThat(dom.count("Cost, USD|id=\"blind\"|id=\"flakes\"")).isZero();
  }

  @Test
  void itsAddressFiltersTheTasksAndOpensOne(@TempDir Path folder) throws Exception {
    Path file = report(folder.resolve("report.html"));

    Dom dom = open(file, "#run=nano-base&verdict=partial&task=test%2F00002", folder);

    assertThat(dom.root()).isEqualTo("<html lang=\"en\" data-ready=\"true\">");
    assertThat(dom.count("<output[^>]*>14 of 125 tasks<")).isEqualTo(1);
    assertThat(dom.count("<tr class=\"task[^>]*hidden")).isEqualTo(125 - 14);
    assertThat(dom.count("aria-expanded=\"true\"")).isEqualTo(1);
    assertThat(dom.count("Program 2 of 2")).isEqualTo(2);
    assertThat(dom.count("The same program as nano-base<")).isPositive();
    assertThat(dom.count("The name `value` is not defined")).isPositive();
    assertThat(dom.count("<span class=\"removed\">- ")).isPositive();
    assertThat(dom.count("<span class=\"added\">\\+ ")).isPositive();
  }

  @Test
  void anErrorLeadsToItsPrograms(@TempDir Path folder) throws Exception {
    Path file = report(folder.resolve("report.html"));

    Dom dom = open(file, "#run=nano-base&error=SyntaxError", folder);

    assertThat(dom.root()).isEqualTo("<html lang=\"en\" data-ready=\"true\">");
    assertThat(dom.count("<output[^>]*>20 of 125 tasks<")).isEqualTo(1);
    assertThat(dom.count("<label hidden=\"\">Difficulty")).isEqualTo(1);
  }

  @Test
  void aBlindRunSaysSoAndShowsTheTestThatItSaw(@TempDir Path folder) throws Exception {
    RunResult blind = RecordedRuns.blind();
    // Kept after the test, for people to look at.
    Path file = Path.of("target/recorded-report-blind.html");
    HtmlReport.write(
        file,
        new Report("Nano benchmark, blind", List.of(), List.of(RecordedRuns.all().get(1), blind))
            .withFlakes(Map.of(blind.name(), RecordedRuns.flakes())));

    Dom dom = open(file, "#task=test%2F00002", folder);

    assertThat(dom.root()).isEqualTo("<html lang=\"en\" data-ready=\"true\">");
    assertThat(dom.count("href=\"#blind\"[^>]*>‡<")).isEqualTo(1);
    assertThat(dom.count("id=\"blind\">‡ <b>Blind.</b>")).isEqualTo(1);
    assertThat(dom.count("<td>1.69</td>")).isEqualTo(1);
    assertThat(dom.count("Program 3 of 3")).isEqualTo(1);
    assertThat(dom.count("not scored: judged by the test that the agent saw")).isEqualTo(2);
    assertThat(dom.count(">assert shown\\(\\)</pre>")).isEqualTo(2);
    assertThat(dom.count("0.0100 USD")).isEqualTo(2);
    assertThat(dom.count("1 of 125, 0.8&nbsp;%")).isEqualTo(1);
    assertThat(dom.count(">SyntaxError</th>(<td>0 of 20 .{0,99}){2}</tr>")).isEqualTo(1);
  }

  @Test
  void aRunWithToolsShowsItsTurns(@TempDir Path folder) throws Exception {
    RunResult run = RecordedRuns.all().get(1);
    Sample sample =
        run.samples().stream()
            .filter(each -> each.taskId().equals("test/00002"))
            .findFirst()
            .orElseThrow();
    // Kept after the test, for people to look at.
    Path file = Path.of("target/recorded-report-turns.html");
    HtmlReport.write(
        file,
        new Report("Nano benchmark, with tools", List.of(), List.of(run))
            .withTrajectories(Map.of(run.name(), List.of(RecordedRuns.trajectory(sample)))));

    Dom dom = open(file, "#task=test%2F00002", folder);

    assertThat(dom.root()).isEqualTo("<html lang=\"en\" data-ready=\"true\">");
    assertThat(dom.count("<summary>4 turns</summary>")).isEqualTo(1);
    assertThat(dom.count("<dt>Thought</dt><dd>What does it hold\\?</dd>")).isEqualTo(1);
    assertThat(dom.count("<dt>Thought</dt><dd>The manual helps\\.</dd>")).isEqualTo(1);
    assertThat(dom.count("<code>(execute|guess|look_up|submit)</code>")).isEqualTo(4);
    assertThat(dom.count("<pre tabindex=\"0\">print\\(&lt;b&gt;\\)</pre>")).isEqualTo(1);
    assertThat(dom.count("<dt>Output</dt>")).isEqualTo(2);
    assertThat(dom.count(">where\\(condition, input, other\\)</pre>")).isEqualTo(1);
  }

  @Test
  void itSaysWhenAScriptFails(@TempDir Path folder) throws Exception {
    Path file = report(folder.resolve("report.html"));
    Files.writeString(file, Files.readString(file).replace("\"texts\":", "\"gone\":"));

    Dom dom = open(file, "", folder);

    assertThat(dom.root()).contains("data-error=").doesNotContain("data-ready");
    assertThat(dom.count("role=\"alert\">A script of this page failed")).isEqualTo(1);
  }

  private static Path report(Path file) {
    List<String> notes =
        List.of("Greedy decoding. Token counts and times are stand-ins: the recording has none.");
    HtmlReport.write(
        file,
        new Report("Nano benchmark, recorded outputs", notes, RecordedRuns.all())
            .withPassAt(List.of(1))
            .withQuality(Map.of("nano-base + CoderGen", QUALITY)));
    return file;
  }

  /** What became of a page, less its scripts and styles. */
  private record Dom(String html) {

    static Dom read(Path file) {
      String html = HtmlReportBrowserTest.read(file);
      return new Dom(html.replaceAll("(?s)<(script|style)\\b.*?</\\1>", ""));
    }

    String root() {
      return html.lines()
          .filter(line -> line.startsWith("<html"))
          .findFirst()
          .orElse("")
          .replaceAll("(<html[^>]*>).*", "$1");
    }

    long count(String pattern) {
      return Pattern.compile(pattern).matcher(html).results().count();
    }
  }

  private static Dom open(Path file, String hash, Path folder)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("chromium"));
    command.addAll(OPTIONS);
    command.add("--user-data-dir=" + folder.resolve("profile"));
    command.add("--dump-dom");
    command.add(file.toUri() + hash);
    Path dom = folder.resolve("dom.html");
    Path log = folder.resolve("chromium.log");
    Process browser =
        new ProcessBuilder(command)
            .redirectOutput(dom.toFile())
            .redirectError(log.toFile())
            .start();
    boolean ended = browser.waitFor(60, TimeUnit.SECONDS);
    browser.destroyForcibly();
    assertThat(ended).as("chromium ended in time").isTrue();
    assertThat(browser.exitValue()).as(() -> read(log)).isZero();
    return Dom.read(dom);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IllegalStateException(file.toString(), e);
    }
  }
}
