package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.SparseFile;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Files over 2 and over 4 GiB, and shards of such, give what the same weights give in small ones.
 */
class LargeFileTest {

  private static final long FOUR_GIB = 1L << 32;

  @ParameterizedTest
  @CsvSource({
    "tied, model.safetensors, 0",
    "tied, model.safetensors, 1",
    "fp32, model.safetensors, 0",
    "fp32, model.safetensors, 2",
    "mixed_dtypes, model.safetensors, 0",
    "sharded, model-00001-of-00003.safetensors, 0",
    "sharded, model-00002-of-00003.safetensors, 1",
  })
  void tensorsBeyondFourGibibytesAreRead(
      String name, String file, int shift, @TempDir Path directory) throws IOException {
    ModelDirectory model = ModelDirectory.checkpoint(name, directory);
    List<Integer> expected = generate(model);
    Path weights = model.path().resolve(file);
    try {
      SparseFile.blowUp(weights, shift);
    } catch (IOException e) {
      Assumptions.abort("this file system does not hold a sparse file of 4 GiB: " + e.getMessage());
    }
    assertThat(Files.size(weights)).isGreaterThan(FOUR_GIB);
    assertThat(generate(model)).isEqualTo(expected);
  }

  private static List<Integer> generate(ModelDirectory model) {
    try (AiCoder coder = AiCoder.load(model.path())) {
      GenerationResult result =
          coder.generate(
              GenerationRequest.tokens(List.of(1, 17, 300, 5))
                  .optMaxNewTokens(24)
                  .optIgnoreEos(true)
                  .build());
      return result.ids();
    }
  }
}
