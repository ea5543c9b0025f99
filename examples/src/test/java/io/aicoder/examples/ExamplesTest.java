package io.aicoder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
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
