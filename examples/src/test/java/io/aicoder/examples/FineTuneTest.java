package io.aicoder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    arguments.addAll(List.of(more));
    return ExamplesTest.run(arguments.toArray(String[]::new));
  }

  @Test
  void anAdapterWithItsCurvesIsWrittenAndResumed() throws Exception {
    ExamplesTest.Outcome first = fineTune("--rank=4");
    assertThat(first.code()).as(first.err()).isZero();
    Path out = folder.resolve("out");
    assertThat(first.out())
        .contains(
            "completed after 4 steps", "validation_loss=", "adapter: " + out.resolve("adapter"));
    assertThat(out.resolve("adapter/adapter_config.json")).content().contains("\"r\": 4");
    assertThat(out.resolve("adapter/adapter_model.safetensors")).isNotEmptyFile();
    assertThat(out.resolve("curves.html")).content().contains("Fine-tuning base");
    assertThat(out.resolve("steps.csv")).content().hasLineCount(5);
    assertThat(out.resolve("measurements.csv")).content().hasLineCount(2);
    assertThat(out.resolve("metrics.jsonl")).content().hasLineCount(6);
    assertThat(out.resolve("tensorboard")).isNotEmptyDirectory();
    byte[] adapter = Files.readAllBytes(out.resolve("adapter/adapter_model.safetensors"));

    ExamplesTest.Outcome resumed = fineTune("--rank=4", "--resume");
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(resumed.out()).contains("completed after 4 steps");
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
}
