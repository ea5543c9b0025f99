package io.aicoder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts the example {@code FineTune} as people do. */
class FineTuneTest {

  private final Path folder;

  FineTuneTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void writeData() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      lines.add("{\"prompt\": \"x = %d\\n\", \"completion\": \"y = x + %d\\n\"}".formatted(i, i));
    }
    Files.write(folder.resolve("data.jsonl"), lines);
  }

  private ExamplesTest.Outcome fineTune(String... more) throws Exception {
    return ExamplesTest.run(arguments(more).toArray(String[]::new));
  }

  /** Returns a small training's, with more in place of some. */
  private List<String> arguments(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "FineTune",
                "--model=examples/nano/base",
                "--data=" + folder.resolve("data.jsonl"),
                "--out=" + folder.resolve("out"),
                "--validation-share=0.2",
                "--batch-size=2",
                "--accumulation=1",
                "--epochs=1",
                "--checkpoint-every=2"));
    for (String option : more) {
      arguments.removeIf(given -> given.startsWith(option.split("=", 2)[0] + "="));
      arguments.add(option);
    }
    return arguments;
  }

  @Test
  void anAdapterWithItsCurvesIsWrittenAndResumed() throws Exception {
    ExamplesTest.Outcome first = fineTune("--rank=4", "--base-model-name=nano/base");
    assertThat(first.code()).as(first.err()).isZero();
    Path out = folder.resolve("out");
    assertThat(first.out())
        .contains(
            "completed after step 4",
            "adapter: " + out.resolve("adapter") + " (step 4, the best by validation_loss; loss ",
            ", validation_loss ")
        .doesNotContain("going on");
    assertThat(out.resolve("adapter/adapter_config.json"))
        .content()
        .contains("\"r\": 4", "\"base_model_name_or_path\": \"nano/base\"");
    assertThat(out.resolve("adapter/adapter_model.safetensors")).isNotEmptyFile();
    assertThat(out.resolve("curves.html"))
        .content()
        .contains("Fine-tuning examples/nano/base", "--validation-share", "Finished.");
    assertThat(out.resolve("steps.csv")).content().hasLineCount(5);
    assertThat(out.resolve("measurements.csv")).content().hasLineCount(2);
    assertThat(out.resolve("metrics.jsonl")).content().hasLineCount(6);
    assertThat(out.resolve("tensorboard")).isNotEmptyDirectory();
    byte[] adapter = Files.readAllBytes(out.resolve("adapter/adapter_model.safetensors"));

    ExamplesTest.Outcome resumed = fineTune("--rank=4", "--base-model-name=nano/base", "--resume");
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(resumed.out())
        .contains("already complete: all 4 steps are done", "completed after step 4");
    assertThat(out.resolve("adapter/adapter_model.safetensors")).hasBinaryContent(adapter);
    assertThat(out.resolve("steps.csv")).content().hasLineCount(5);

    ExamplesTest.Outcome other = fineTune("--rank=8", "--resume");
    assertThat(other.code()).isEqualTo(Examples.FAILED);
    assertThat(other.err()).contains("rank (4 then, 8 now)").doesNotContain("\tat ");
  }

  @Test
  void aDryRunTellsWhatItWouldTake() throws Exception {
    ExamplesTest.Outcome outcome = fineTune("--dry-run");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("4 steps", "trained numbers", "must be free", "tokens/s");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aWrongOptionIsExplained() throws Exception {
    ExamplesTest.Outcome outcome = fineTune("--learning-rate=-1");
    assertThat(outcome.code()).isNotZero();
    assertThat(outcome.err()).contains("learning rate is -1").doesNotContain("\tat ");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void theWholeModelIsTrained() throws Exception {
    ExamplesTest.Outcome outcome =
        fineTune("--all-parameters", "--max-steps=1", "--validation-share=0", "--resume");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    Path model = folder.resolve("out/model");
    assertThat(outcome.out())
        .contains("no checkpoint: it begins", "completed after step 1", "model: " + model + " (");
    assertThat(model.resolve("model.safetensors")).isNotEmptyFile();
  }

  @Test
  void recordsAreShownAsTheyAreLearned() throws Exception {
    ExamplesTest.Outcome outcome = fineTune("--show=2", "--dry-run");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .containsPattern("data.jsonl: line \\d+: \\d+ tokens, \\d+ with loss")
        .containsPattern("x = (\\d)\n⟦y = x \\+ \\1\n<\\|.*\\|>⟧");
  }

  @Test
  void optionsThatWouldBePassedOverAreRefused() throws Exception {
    refused(
        "--rank, --dora: --all-parameters trains no adapter",
        "--all-parameters",
        "--rank=4",
        "--dora");
    refused("--alpha: the adapter that --adapter names has its own", "--adapter=a", "--alpha=8");
    refused("--group-size is of --quantization int4", "--group-size=64");
    refused("threads is -1", "--threads=-1");
    refused("--show -1", "--show=-1");
    refused("tasks.jsonl", "--dry-run", "--tasks=" + folder.resolve("tasks.jsonl"));
  }

  private void refused(String reason, String... options) throws Exception {
    ExamplesTest.Outcome outcome = fineTune(options);
    assertThat(outcome.code()).isNotZero();
    assertThat(outcome.err()).contains(reason).doesNotContain("\tat ");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  /** As at Ctrl-C, or when a machine is shut down. */
  @Test
  void aSignalEndsItWithACheckpoint() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "-Dai.djl.offline=true", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(Examples.class.getName());
    command.addAll(arguments("--epochs=500"));
    Process process =
        new ProcessBuilder(command)
            .directory(Path.of("..").toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    Path steps = folder.resolve("out/steps.csv");
    while (process.isAlive() && !(Files.exists(steps) && Files.readAllLines(steps).size() > 3)) {
      Thread.sleep(20);
    }
    process.destroy();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();

    String log = Files.readString(folder.resolve("log"));
    Matcher stopped = Pattern.compile("stopped after step (\\d+) of 2000").matcher(log);
    assertThat(stopped.find()).as(log).isTrue();
    assertThat(log).contains("go on with --resume");
    int step = Integer.parseInt(stopped.group(1));
    assertThat(folder.resolve("out/checkpoints/checkpoint-" + step)).isDirectory();
    assertThat(folder.resolve("out/curves.html")).content().contains("Stopped on request");
  }
}
