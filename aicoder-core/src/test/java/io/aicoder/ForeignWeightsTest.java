package io.aicoder;

import static io.aicoder.fixture.Refusal.assertRefused;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.generate.GenerationRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights in other formats: refused with the reason and the command that converts them. */
class ForeignWeightsTest {

  private static final String PICKLE =
      "is a pickle, which could run code when read, and is never loaded; convert it to safetensors";

  private static ModelDirectory withoutWeights(Path parent) {
    return ModelDirectory.checkpoint("tied", parent).delete("model.safetensors");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pytorch_model.bin | python -c \"from transformers import AutoModelForCausalLM as M; M.from_pretrained('%s', dtype='auto').save_pretrained('%s')\"",
        "pytorch_model-00001-of-00002.bin | .save_pretrained('%s')\"",
        "pytorch_model.bin.index.json | .save_pretrained('%s')\"",
        "consolidated.00.pth | convert_llama_weights_to_hf.py",
        "model.pt  | w = torch.load('%s/model.pt', weights_only=True)",
        "model.pth | s.save_file({k: v.clone() for k, v in w.items()}, '%s/model.safetensors')\"",
        "last.ckpt | torch.load('%s/last.ckpt', weights_only=True)",
      })
  void picklesAreNeverLoaded(String file, String command, @TempDir Path directory) {
    Path model = withoutWeights(directory).write(file, "\u0080\u0002").path();
    assertRefused(model, file + ": " + PICKLE, command.replace("%s", model.toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"consolidated.00.pth", "llama.Q4_K_M.gguf", "pytorch_model.bin"})
  void theyAreNamedWhereThereIsNoConfigurationEither(String file, @TempDir Path directory)
      throws IOException {
    Files.writeString(directory.resolve(file), "x");
    assertRefused(directory, file + ": is ", "convert it to safetensors");
  }

  @Test
  void aGgufFileIsNotRead(@TempDir Path directory) {
    Path model = withoutWeights(directory).write("llama.gguf", "GGUF").path();
    assertRefused(
        model,
        "llama.gguf: is not a Hugging Face checkpoint, and is not read; convert it to safetensors",
        "m = M.from_pretrained('" + model + "', gguf_file='llama.gguf'); m.hf_quantizer = None;",
        "T.from_pretrained('" + model + "', gguf_file='llama.gguf').save_pretrained('" + model);
  }

  /** What stands beside safetensors is not looked at, and does no harm. */
  @Test
  void safetensorsBesideThemAreLoaded(@TempDir Path directory) {
    Path model =
        ModelDirectory.checkpoint("tied", directory)
            .write("pytorch_model.bin", "x")
            .write("original.pth", "x")
            .path();
    try (AiCoder coder = AiCoder.load(model)) {
      coder.generate(GenerationRequest.tokens(List.of(1)).optMaxNewTokens(1).build());
    }
  }

  @Test
  void aPickledAdapterIsNeverLoaded(@TempDir Path directory) {
    Path adapter =
        ModelDirectory.adapter("q_v", directory)
            .delete("adapter_model.safetensors")
            .write("adapter_model.bin", "\u0080\u0002")
            .path();
    try (AiCoder coder = AiCoder.load(ModelDirectory.checkpoint("tied", directory).path())) {
      assertThatThrownBy(() -> coder.loadAdapter("pickled", adapter))
          .isInstanceOf(AiCoderException.class)
          .hasMessageContainingAll(
              "adapter_model.bin: " + PICKLE,
              "s.save_file(torch.load('%s/adapter_model.bin', weights_only=True), '%s/adapter_model.safetensors')"
                  .formatted(adapter, adapter));
    }
  }
}
