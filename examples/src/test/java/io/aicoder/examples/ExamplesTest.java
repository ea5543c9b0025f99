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
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Starts the examples as people do: in a JVM of their own, from the repository's root. */
class ExamplesTest {

  private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
  private static final ObjectMapper MAPPER = new ObjectMapper();

  record Outcome(int code, String out, String err) {}

  static Outcome run(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dai.djl.offline=true",
                "-cp",
                System.getProperty("java.class.path"),
                Examples.class.getName()));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile("example", ".out");
    Path err = Files.createTempFile("example", ".err");
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(REPOSITORY.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      if (!process.waitFor(5, TimeUnit.MINUTES)) {
        process.destroyForcibly();
      }
      return new Outcome(process.waitFor(), Files.readString(out), Files.readString(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  @Test
  void listNamesThem() throws Exception {
    Outcome outcome = run("list");

    assertThat(outcome.code()).isZero();
    assertThat(outcome.out()).contains("Quickstart", "Generate", "Evaluate", "DecodeBenchmark");
  }

  @Test
  void aMergedAdapterIsAModelOfItsOwn(@TempDir Path directory) throws Exception {
    String merged = directory.resolve("merged").toString();
    Outcome outcome =
        run(
            "MergeAdapter",
            "--model=examples/nano/base",
            "--adapter=examples/nano/adapter",
            "--shard-megabytes=5",
            "--out=" + merged);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("100 % of 13 MB", "wrote " + merged);
    assertThat(directory.resolve("merged/model.safetensors.index.json")).exists();
    assertThat(ids("--model=" + merged))
        .isEqualTo(ids("--model=examples/nano/base", "--adapter=examples/nano/adapter"));

    Outcome again =
        run(
            "MergeAdapter",
            "--model=examples/nano/base",
            "--adapter=examples/nano/adapter",
            "--out=" + merged);
    assertThat(again.code()).isEqualTo(Examples.FAILED);
    assertThat(again.err()).contains("error: " + merged + ": exists and is not empty");
  }

  private static JsonNode ids(String... model) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("Generate", "--json", "--dtype=fp32", "--max-new-tokens=24"));
    arguments.addAll(List.of("--prompt-ids=4090,4093,84,665,4094,268"));
    arguments.addAll(List.of(model));
    return MAPPER.readTree(run(arguments.toArray(String[]::new)).out()).get("ids");
  }

  @ParameterizedTest
  @CsvSource({
    "Generate, --prompt-ids",
    "Evaluate, --answers",
    "BuildDataset, --replay",
    "MergeAdapter, --scale",
    "DecodeBenchmark, --new-tokens",
    "SandboxBenchmark, --cold"
  })
  void helpExplainsOne(String name, String option) throws Exception {
    Outcome outcome = run(name, "--help");

    assertThat(outcome.code()).isZero();
    assertThat(outcome.out()).contains(option);
  }

  @Test
  void anUnknownNameIsAnsweredWithTheKnownOnes() throws Exception {
    Outcome outcome = run("Genrate");

    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err())
        .startsWith("unknown example 'Genrate': choose one of")
        .contains("Generate");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Generate --model examples/nano/base | --prompt",
        "Generate --model examples/nano/base --prompt x --prompt-ids 1 | mutually exclusive",
        "Generate --model examples/nano/base --prompt x --quantization int4 --group-size 7 | it must be 32, 64 or 128",
        "Generate --model examples/nano/base --prompt x --device tpu | --device tpu is not known: cpu, cuda:0",
        "ExportProgram --model examples/nano/base | --out",
        "Evaluate --tasks x --out y | --model",
        "Evaluate --tasks x --out y --references --answers z | mutually exclusive",
        "Evaluate --tasks x --out y --references --dataset he | Invalid value for option '--dataset': 'he' is none of: aicodereval, humaneval",
        "Evaluate --tasks x --out y --references --samples 2 | --agent and --samples go with a model, not with --references",
        "Evaluate --out y | give --model, --replay, --answers, --references, or --compare",
        "Evaluate --out y --model z --match run | --match goes with --agent resample",
        "Evaluate --out y --model z --agent resample | --agent resample needs --temperature above 0",
        "Evaluate --out y --compare run --flake-check 2 | --junit and --flake-check go with a run",
        "Evaluate --out y --references --dataset mbpp | --dataset mbpp needs --tasks FILE",
        "BuildDataset --docs x --out y --endpoint http://z/v1 | give --model or --replay",
        "Evaluate --tasks x --out y --model z --k 1,5 | --k 5 with --samples 1: it must be from 1 to the samples",
      })
  void wrongOptionsAreExplained(String arguments, String message) throws Exception {
    Outcome outcome = run(arguments.split(" "));

    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains(message).doesNotContain("\tat ");
  }

  @Test
  void aModelThatIsNotThereIsExplained() throws Exception {
    Outcome outcome = run("Generate", "--model", "examples/nowhere", "--prompt", "x");

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .isEqualTo(
            "error: examples/nowhere: does not exist: give the checkpoint's directory"
                + System.lineSeparator());
  }

  @Test
  void generatePrintsAnObject() throws Exception {
    Outcome outcome =
        run(
            "Generate --model examples/nano/base --dtype fp32 --prompt-ids 4090,4093,84,665,4094,268"
                .concat(" --max-new-tokens 4 --temperature 0 --json --logits")
                .split(" "));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    JsonNode object = MAPPER.readTree(outcome.out());
    assertThat(object.path("prompt_ids").toString()).isEqualTo("[4090,4093,84,665,4094,268]");
    assertThat(object.path("ids").size()).isEqualTo(4);
    assertThat(object.path("first_logits").size()).isEqualTo(4096);
    assertThat(object.path("finish_reason").asText()).isEqualTo("length");
    assertThat(object.path("prefill_seconds").asDouble()).isPositive();
    assertThat(object.path("decode_seconds").asDouble()).isPositive();
  }

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

    Outcome outcome =
        run(
            "Evaluate",
            "--tasks",
            tasksFile.toString(),
            "--answers",
            answersFile.toString(),
            "--out",
            out.toString());

    assertThat(outcome.code()).as(outcome.err()).isZero();
    JsonNode row = MAPPER.readTree(out.resolve("report.json").toFile()).path("rows").path(0);
    assertThat(row.path("sr_all").path("successes").asInt()).isEqualTo(2);
    assertThat(row.path("sr_all").path("total").asInt()).isEqualTo(4);
    assertThat(Files.readAllLines(out.resolve("samples.jsonl"))).hasSize(4);
    assertThat(out.resolve("report.html")).isNotEmptyFile();

    Path junit = folder.resolve("junit.xml");
    Outcome compared =
        run(
            "Evaluate",
            "--tasks",
            tasksFile.toString(),
            "--answers",
            answersFile.toString(),
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

    Outcome alone =
        run(
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

    Outcome nowhere =
        run(
            "Evaluate",
            "--tasks",
            tasksFile.toString(),
            "--answers",
            answersFile.toString(),
            "--out",
            out.toString(),
            "--compare",
            folder.resolve("nowhere").toString());
    assertThat(nowhere.code()).isEqualTo(Examples.FAILED);
    assertThat(nowhere.err()).contains("run.json does not exist: give the output folder of a run");
  }

  @Test
  void evaluateTakesTheEmbeddedTasksAndScalesTheirLimits(@TempDir Path out) throws Exception {
    Outcome outcome =
        run(
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

    Outcome matched =
        run(
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
    Outcome online =
        run((common + " --record " + record + " --out " + folder.resolve("a")).split(" "));
    server.stop(0);
    assertThat(online.code()).as(online.err()).isZero();
    Outcome offline =
        run((common + " --replay " + record + " --out " + folder.resolve("b")).split(" "));

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

  @Test
  void theBenchmarkPrintsOneLine() throws Exception {
    Outcome outcome =
        run(
            "DecodeBenchmark --checkpoint examples/nano/base --new-tokens 4 --prompt-tokens 8 --repeat 1"
                .split(" "));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    JsonNode line = MAPPER.readTree(outcome.out());
    assertThat(line.path("decode_tokens_per_second").asDouble()).isPositive();
    assertThat(line.path("prefill_tokens_per_second").asDouble()).isPositive();
    assertThat(line.path("peak_rss_mib").asInt()).isNotZero();
  }

  @Test
  void theSandboxesRunTheSameProgramsWarmAndCold() throws Exception {
    Outcome outcome =
        run(
            "SandboxBenchmark --tasks examples/nano/tasks/test.jsonl --library numpy --subset 3 --rounds 1 --cold 1"
                .split(" "));

    assertThat(outcome.code()).as(outcome.err()).isZero();
    List<String> lines = outcome.out().lines().toList();
    assertThat(lines).hasSize(2);
    JsonNode start = MAPPER.readTree(lines.get(0));
    JsonNode round = MAPPER.readTree(lines.get(1));
    assertThat(start.path("warm").path("passed").asInt()).isEqualTo(3);
    assertThat(round.path("warm").path("passed").asInt()).isEqualTo(3);
    assertThat(round.path("cold").path("passed").asInt()).isEqualTo(1);
    assertThat(round.path("ratio").asDouble()).isPositive();
  }

  @Test
  void theProgramIsExportedForPyTorch(@TempDir Path folder) throws Exception {
    Path archive = folder.resolve("llama.pt");
    Outcome outcome =
        run("ExportProgram", "--model", "examples/nano/base", "--out", archive.toString());

    assertThat(outcome.code()).as(outcome.err()).isZero();
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      assertThat(zip.stream().map(ZipEntry::getName))
          .contains("aicoder/data.pkl", "aicoder/code/__torch__.py", "aicoder/version");
    }
    assertThat(folder).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void severalDevicesShareTheLayers() throws Exception {
    String request =
        "Generate --model examples/nano/base --dtype fp32 --prompt-ids 4090,84 --max-new-tokens 4 --temperature 0 --json";
    Outcome one = run((request + " --device cpu").split(" "));
    Outcome three = run((request + " --device cpu,cpu,cpu").split(" "));

    assertThat(three.code()).as(three.err()).isZero();
    assertThat(MAPPER.readTree(three.out()).path("ids"))
        .hasSize(4)
        .isEqualTo(MAPPER.readTree(one.out()).path("ids"));
  }
}
