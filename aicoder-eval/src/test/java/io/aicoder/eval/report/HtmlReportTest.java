package io.aicoder.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.eval.metric.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlReportTest {

  private static final String HOSTILE =
      "print('</script><script>alert(1)</script> <!-- {{ 7 * 7 }} {% raw %} \u2028 & \uD800')";

  @Test
  void showsTheRecordedFigures(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("report.html");

    HtmlReport.write(
        file, new Report("Nano benchmark", List.of("Recorded outputs."), RecordedRuns.all()));

    assertThat(file)
        .content()
        .startsWith("<!DOCTYPE html>")
        .contains("<h1>Nano benchmark</h1>", "Recorded outputs.", "125 tasks · 7 domains · 4 runs")
        .contains("<b>64.8</b> <span class=\"interval\">56.1–72.6</span>", "81 of 125")
        .contains("<b>71.2</b>", "nano-aicoder-reference", "Not blind.");
    assertThat(Files.size(file)).isLessThan(2_000_000);
  }

  @Test
  void needsNothingFromElsewhere() {
    String page = page(RecordedRuns.all().get(0).samples());

    assertThat(page).doesNotContainPattern("(?i)(src|href)\\s*=\\s*[\"']?\\s*(https?:)?//");
    assertThat(page).doesNotContainPattern("(?i)<(link|img|iframe|script src)\\b");
    assertThat(page).doesNotContainPattern("(?i)@import|url\\(");
    assertThat(page).contains("default-src 'none'").contains("Permission to use, copy, modify");
  }

  @Test
  void aProgramIsDataWhateverItHolds() throws IOException {
    Sample.Step step = RecordedRuns.step(null, HOSTILE, HOSTILE, 0, HOSTILE, HOSTILE);
    Sample sample = new Sample("key", "<i>id</i>", 0, "do<main", "lib&rary", List.of(step));

    String page = page(List.of(sample));

    assertThat(page).doesNotContain("alert(1)</script>", "<i>id</i>", "do<main", "lib&rary");
    assertThat(page).contains("do&lt;main").contains("{{ 7 * 7 }} {% raw %}");
    JsonNode data = new ObjectMapper().readTree(data(page));
    assertThat(data.at("/texts/0").asText()).isEqualTo(HOSTILE);
    assertThat(data.at("/tasks/0/id").asText()).isEqualTo("<i>id</i>");
  }

  @Test
  void titleNamesAndSettingsAreTextToo() {
    TreeMap<String, String> settings = new TreeMap<>();
    settings.put("<key>", "<script>value</script>");
    List<Sample> samples = RecordedRuns.all().get(0).samples();
    Report report =
        new Report(
            "<b>title</b> {{ 6 * 7 }}",
            List.of("a < b & c"),
            List.of(RecordedRuns.run("<u>run</u> {{ 6 * 7 }}", samples, settings)));

    String page = HtmlReport.render(report);

    assertThat(page).doesNotContain("<b>title", "<u>run", "<script>value", "<key>", "} 42", " 42<");
    assertThat(page).contains("&lt;u&gt;run&lt;/u&gt; {{ 6 * 7 }}", "a &lt; b &amp; c");
  }

  @Test
  void longOutputIsCutToItsEnd() throws IOException {
    String output = "x".repeat(100_000) + "the end";
    Sample.Step step = RecordedRuns.step(null, "prompt", "code", 0, output, "");

    JsonNode texts =
        new ObjectMapper()
            .readTree(
                data(page(List.of(new Sample("key", "id", 0, "domain", "lib", List.of(step))))))
            .get("texts");

    String kept = texts.get(texts.size() - 1).asText();
    assertThat(kept).startsWith("…\nx").endsWith("the end");
    assertThat(kept).hasSize(PageData.OUTPUT_TAIL + 2);
  }

  private static String page(List<Sample> samples) {
    return HtmlReport.render(
        new Report("title", List.of(), List.of(RecordedRuns.run("run", samples, new TreeMap<>()))));
  }

  private static String data(String page) {
    return Pattern.compile(
            "<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL)
        .matcher(page)
        .results()
        .map((MatchResult match) -> match.group(1))
        .findFirst()
        .orElseThrow();
  }
}
