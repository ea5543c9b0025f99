package io.aicoder.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.ModelDirectory;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A file that loses its end between the reading of its header and the mapping of its tensors. */
class ShortenedFileTest {

  @ParameterizedTest
  @CsvSource({"tied, 1", "tied, 40000", "unaligned, 1", "fp32, 100000"})
  void isSeenBeforeItIsMapped(String name, int bytes, @TempDir Path directory) {
    ModelDirectory model = ModelDirectory.checkpoint(name, directory);
    Checkpoint checkpoint = Checkpoint.open(model.path());
    TorchRuntime.start(1);
    model.truncate("model.safetensors", bytes);
    assertThatThrownBy(() -> WeightLoader.load(checkpoint, ComputeType.FP32))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.CHECKPOINT))
        .hasMessageContaining("model.safetensors: was shortened to ")
        .hasMessageContaining("load it when nothing writes to it");
  }
}
