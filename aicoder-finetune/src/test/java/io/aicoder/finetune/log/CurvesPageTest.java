package io.aicoder.finetune.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of curves, as text and as a real headless Chromium makes of it. */
class CurvesPageTest {

  private static final int STEPS = 1794;
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
          "--window-size=1280,2400",
          "--virtual-time-budget=10000");

  /** A training like the embedded adapter's: five epochs, measured every 200 steps. */
  private static RunHistory history() {
    Random random = new Random(1);
    List<StepMetrics> steps = new ArrayList<>();
    List<EvaluationMetrics> evaluations = new ArrayList<>();
    for (int step = 1; step <= STEPS; step++) {
      double clean = 0.09 + 1.9 * Math.exp(-step / 60.0) + 0.55 * Math.exp(-step / 260.0);
      double warm = Math.min(1, step / 90.0);
      double cosine = 0.5 * (1 + Math.cos(Math.PI * Math.max(0, step - 90) / (STEPS - 90)));
      steps.add(
          new StepMetrics(
              step,
              5.0 * step / STEPS,
              step == 900 ? Double.NaN : clean * Math.exp(0.25 * random.nextGaussian()),
              1e-3 * warm * cosine,
              0.3 + 2.5 * clean * Math.exp(0.3 * random.nextGaussian()),
              step * 2300L,
              step * 1100L,
              6900 + 200 * random.nextGaussian(),
              step / 3.0,
              (900L << 20) + (step < 40 ? step << 22 : 160L << 20)));
      if (step % 200 == 0) {
        evaluations.add(
            new EvaluationMetrics(
                step,
                clean + 0.03 + step * 2e-5,
                Map.of("SR@All", 0.5 + 0.22 * (1 - Math.exp(-step / 400.0)))));
      }
    }
    return new RunHistory(
        steps,
        evaluations,
        new RunSummary(STEPS, STEPS * 2300L, 598, RunSummary.Ending.COMPLETED, ""));
  }

  private static Map<String, String> arguments() {
    Map<String, String> arguments = new LinkedHashMap<>();
    arguments.put("base", "examples/nano/base");
    arguments.put("data", "train.jsonl.gz, SHA-256 6f1c…e2, 4,300 records");
    arguments.put("rank", "8");
    arguments.put("alpha", "32");
    arguments.put("learning_rate", "1e-3, cosine, 90 steps of warm-up");
    arguments.put("target_modules", "down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj");
    return arguments;
  }

  @Test
  void hasItsFiguresWithoutAnyScript() {
    String page = CurvesPage.render("nano-aicoder", history(), arguments());

    assertThat(page)
        .contains("<h1>nano-aicoder</h1>")
        .contains("1,794 steps · 5.00 epochs · 4,126,200 tokens · 9 min 58 s")
        .contains("Finished.")
        .contains("lowest, after step 1200")
        .contains("highest, after step 1600")
        .contains("<th scope=\"col\">SR@All</th>")
        .contains("<th scope=\"row\">rank</th><td>8</td>");
    assertThat(page.replaceAll("(?s)<script>.*?</script>", "")).doesNotContain("http:", "https:");
  }

  @Test
  void namesAreTextNotMarkup() {
    RunHistory history =
        new RunHistory(
            List.of(Figures.step(1)),
            List.of(new EvaluationMetrics(1, null, Map.of("</script><b1>", 1.0))),
            new RunSummary(1, 1, 1, RunSummary.Ending.FAILED, "<i1>{{ 7 * 6 }}"));

    assertThat(CurvesPage.render("<u1>", history, Map.of("<s1>", "{{ title }}")))
        .doesNotContain("<u1>", "<b1>", "<i1>", "<s1>")
        .contains("&lt;i1&gt;{{ 7 * 6 }}")
        .contains("<td>{{ title }}</td>");
  }

  @Test
  void aTrainingWithoutStepsHasAPage(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("deep/curves.html");
    CurvesPage.write(file, "empty", new RunHistory(List.of(), List.of(), null), Map.of());
    assertThat(Files.readString(file)).contains("No step has been done yet.");
  }

  @Test
  void itsScriptDrawsTheCurves(@TempDir Path folder) throws Exception {
    // Kept after the test, for people to look at.
    Path file = Path.of("target/curves.html");
    CurvesPage.write(file, "nano-aicoder", history(), arguments());

    String dom = open(file, folder);

    assertThat(dom).contains("data-ready=\"true\"").doesNotContain("data-error");
    assertThat(count(dom, "<svg class=\"chart\"")).isEqualTo(6);
    assertThat(count(dom, "class=\"curve\"")).isEqualTo(7);
    assertThat(count(dom, "class=\"curve raw\"")).isEqualTo(3);
    assertThat(count(dom, "<circle class=\"dot\"")).isEqualTo(2 * 8);
    assertThat(count(dom, "class=\"epoch\"")).isEqualTo(6 * 4);
    assertThat(dom)
        .contains(">Loss by step</title>")
        .containsPattern("Learning rate: from 1\\.111e-5 at step 1 to 0 at step 1794, lowest 0");
  }

  @Test
  void itSaysWhereNothingWasMeasured(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("empty.html");
    CurvesPage.write(file, "empty", new RunHistory(List.of(), List.of(), null), Map.of());

    String dom = open(file, folder);

    assertThat(dom).contains("data-ready=\"true\"").doesNotContain("data-error");
    assertThat(count(dom, "Nothing was measured\\.</p>")).isEqualTo(5);
  }

  private static long count(String dom, String pattern) {
    return Pattern.compile(pattern).matcher(dom).results().count();
  }

  /** Returns what became of a page, less its scripts and styles. */
  private static String open(Path file, Path folder) throws IOException, InterruptedException {
    boolean found =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .anyMatch(place -> Files.isExecutable(Path.of(place, "chromium")));
    assumeTrue(found, "chromium is not on the PATH, so no browser opens the page");
    List<String> command = new ArrayList<>(List.of("chromium"));
    command.addAll(OPTIONS);
    command.add("--user-data-dir=" + folder.resolve("profile"));
    command.add("--dump-dom");
    command.add(file.toUri().toString());
    Path dom = folder.resolve("dom.html");
    Process browser =
        new ProcessBuilder(command)
            .redirectOutput(dom.toFile())
            .redirectError(folder.resolve("chromium.log").toFile())
            .start();
    boolean ended = browser.waitFor(60, TimeUnit.SECONDS);
    browser.destroyForcibly();
    assertThat(ended).as("chromium ended in time").isTrue();
    return Files.readString(dom).replaceAll("(?s)<(script|style)\\b.*?</\\1>", "");
  }
}
