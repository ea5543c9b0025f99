package io.aicoder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts the example {@code Evaluate} as people do. */
class EvaluateTest {

  private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Test
  void evaluateScoresAnswersMadeElsewhere(@TempDir Path folder) throws Exception {
    List<String> tasks;
    try (var lines = Files.lines(REPOSITORY.resolve("examples/nano/tasks/test.jsonl"))) {
      tasks = lines.limit(4).toList();
    }
    Path tasksFile = Files.write(folder.resolve("tasks.jsonl"), tasks);
    List<String> answers = new ArrayList<>();
    for (String line : tasks.subList(0, 3)) {
      JsonNode task = MAPPER.readTree(line);
      boolean right = !answers.isEmpty();
      answers.add(
          MAPPER
              .createObjectNode()
              .put("task_id", task.path("path").asText())
              .put(right ? "completion" : "solution", right ? task.path("answer").asText() : "x")
              .toString());
    }
    Path answersFile = Files.write(folder.resolve("answers.jsonl"), answers);
    Path out = folder.resolve("out");

    ExamplesTest.Outcome outcome = score(tasksFile, answersFile, "--out", out.toString());

    assertThat(outcome.code()).as(outcome.err()).isZero();
    JsonNode row = MAPPER.readTree(out.resolve("report.json").toFile()).path("rows").path(0);
    assertThat(row.path("sr_all").path("successes").asInt()).isEqualTo(2);
    assertThat(row.path("sr_all").path("total").asInt()).isEqualTo(4);
    assertThat(Files.readAllLines(out.resolve("samples.jsonl"))).hasSize(4);
    assertThat(out.resolve("report.html")).isNotEmptyFile();

    Path junit = folder.resolve("junit.xml");
    ExamplesTest.Outcome compared =
        score(
            tasksFile,
            answersFile,
            "--k=1",
            "--quality",
            "--flake-check=2",
            "--junit",
            junit.toString(),
            "--out",
            folder.resolve("again").toString(),
            "--compare",
            out.toString());

    assertThat(compared.code()).as(compared.err()).isZero();
    assertThat(compared.out()).contains("Δ SR@All", "0.0 (0.0 to 0.0)", "1.000");
    assertThat(compared.out()).contains("0 of 3 programs do not always fare the same in 2 reruns");
    JsonNode report = MAPPER.readTree(folder.resolve("again/report.json").toFile());
    assertThat(report.at("/rows/1/pass_at/1/value").asDouble()).isEqualTo(0.5);
    assertThat(report.at("/rows/1/rounds/0/quality/programs").asInt()).isPositive();
    assertThat(report.at("/comparisons/0/sr_all/tasks").asInt()).isEqualTo(4);
    assertThat(junit).content().contains("<testsuite name=", "tests=\"4\"", "failures=\"2\"");
    assertThat(report.at("/rows/1/flakes/reruns").asInt()).isEqualTo(2);
    assertThat(folder.resolve("again/report.md")).content().startsWith("# AICoder evaluation");

    ExamplesTest.Outcome alone =
        ExamplesTest.run(
            "Evaluate",
            "--out",
            folder.resolve("alone").toString(),
            "--compare",
            out.toString(),
            folder.resolve("again").toString());
    assertThat(alone.code()).as(alone.err()).isZero();
    assertThat(alone.out()).contains("Δ SR@All");
    assertThat(MAPPER.readTree(folder.resolve("alone/report.json").toFile()).get("rows"))
        .hasSize(2);
    assertThat(folder.resolve("alone/samples.jsonl")).doesNotExist();

    ExamplesTest.Outcome nowhere =
        score(
            tasksFile,
            answersFile,
            "--out",
            out.toString(),
            "--compare",
            folder.resolve("nowhere").toString());
    assertThat(nowhere.code()).isEqualTo(Examples.FAILED);
    assertThat(nowhere.err()).contains("run.json does not exist: give the output folder of a run");
  }

  private static ExamplesTest.Outcome score(Path tasks, Path answers, String... more)
      throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of("Evaluate", "--tasks", tasks.toString(), "--answers", answers.toString()));
    arguments.addAll(List.of(more));
    return ExamplesTest.run(arguments.toArray(String[]::new));
  }

  @Test
  void evaluateTakesTheEmbeddedTasksAndScalesTheirLimits(@TempDir Path out) throws Exception {
    ExamplesTest.Outcome outcome =
        ExamplesTest.run(
            "Evaluate",
            "--ids=test/00000,offline/noise_gate",
            "--model=examples/nano/base",
            "--max-new-tokens=8",
            "--limit-factor=10",
            "--limit-floor=4",
            "--workers=1",
            "--out=" + out);

    assertThat(outcome.code()).as(outcome.err()).isZero();
    List<String> samples = Files.readAllLines(out.resolve("samples.jsonl"));
    assertThat(samples).hasSize(2);
    assertThat(samples.get(0)).contains("\"limits\":\"Limits[wall=PT");
    JsonNode settings = MAPPER.readTree(out.resolve("run.json").toFile()).get("settings");
    assertThat(settings.get("limits").asText()).startsWith("LimitScale[factor=10.0, floor=");

    ExamplesTest.Outcome matched =
        ExamplesTest.run(
            "Evaluate",
            "--ids=test/00000",
            "--model=examples/nano/base",
            "--max-new-tokens=8",
            "--agent=resample",
            "--temperature=0.6",
            "--match=" + out,
            "--out=" + out.resolve("matched"));
    assertThat(matched.code()).as(matched.err()).isZero();
    assertThat(tokens(out.resolve("matched"))).isBetween(1, tokens(out));
  }

  /** Returns what a run spent on its first sample. */
  private static int tokens(Path run) throws IOException {
    int tokens = 0;
    String line = Files.readAllLines(run.resolve("samples.jsonl")).get(0);
    for (JsonNode step : MAPPER.readTree(line).get("steps")) {
      tokens += step.get("prompt_tokens").asInt() + step.get("completion_tokens").asInt();
    }
    return tokens;
  }

  @Test
  void evaluateAsksAnEndpointAndItsRecording(@TempDir Path folder) throws Exception {
    List<String> tasks;
    try (var lines = Files.lines(REPOSITORY.resolve("examples/nano/tasks/test.jsonl"))) {
      tasks = lines.limit(2).toList();
    }
    Path tasksFile = Files.write(folder.resolve("tasks.jsonl"), tasks);
    String right = MAPPER.readTree(tasks.get(0)).path("answer").asText();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/chat/completions",
        exchange -> {
          byte[] body = completion(right).getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    Path record = folder.resolve("record.jsonl");
    String common =
        "Evaluate --tasks %s --endpoint http://127.0.0.1:%d/v1 --remote-model m --agent codergen --blind --budget-calls 5"
            .formatted(tasksFile, server.getAddress().getPort());
    ExamplesTest.Outcome online =
        ExamplesTest.run(
            (common + " --record " + record + " --out " + folder.resolve("a")).split(" "));
    server.stop(0);
    assertThat(online.code()).as(online.err()).isZero();
    ExamplesTest.Outcome offline =
        ExamplesTest.run(
            (common + " --replay " + record + " --out " + folder.resolve("b")).split(" "));

    assertThat(offline.code()).as(offline.err()).isZero();
    for (String out : List.of("a", "b")) {
      JsonNode row =
          MAPPER.readTree(folder.resolve(out + "/report.json").toFile()).path("rows").path(0);
      assertThat(row.path("sr_all").path("successes").asInt()).isEqualTo(1);
      assertThat(row.path("sees_tests").asBoolean()).isFalse();
      assertThat(row.path("settings").path("feedback").asText()).isEqualTo("public cases (blind)");
      assertThat(folder.resolve(out + "/trajectories.jsonl")).isNotEmptyFile();
    }
  }

  private static String completion(String text) {
    ObjectNode body = MAPPER.createObjectNode();
    body.put("id", "1").put("object", "chat.completion").put("created", 1).put("model", "m");
    ObjectNode choice = body.putArray("choices").addObject();
    choice.put("index", 0).put("finish_reason", "stop").putNull("logprobs");
    choice.putObject("message").put("role", "assistant").put("content", text);
    body.putObject("usage")
        .put("prompt_tokens", 5)
        .put("completion_tokens", 6)
        .put("total_tokens", 11);
    return body.toString();
  }
}
