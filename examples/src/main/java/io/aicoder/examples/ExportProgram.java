package io.aicoder.examples;

import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.llama.LlamaProgram;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Writes the model's program as an archive for PyTorch, which can check and measure it on a GPU.
 */
@Command(
    name = "ExportProgram",
    description = "Writes the model's TorchScript program, without weights, for torch.jit.load.")
final class ExportProgram implements Callable<Integer> {

  @Mixin private HelpOption help = new HelpOption();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "a Hugging Face Llama directory: its architecture")
  @SuppressWarnings("NullAway.Init") // required
  private Path model;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "the archive, such as llama.pt; replaced when it exists")
  @SuppressWarnings("NullAway.Init") // required
  private Path out;

  @Override
  public Integer call() {
    LlamaProgram.export(Checkpoint.open(model).config(), out);
    return 0;
  }
}
