package io.aicoder.examples;

import io.aicoder.checkpoint.AdapterMerge;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LoraAdapter;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Merges a LoRA adapter into its base and writes a Hugging Face checkpoint. */
@Command(
    name = "MergeAdapter",
    description = "Writes a model with a LoRA adapter merged into it as a checkpoint of its own.")
final class MergeAdapter implements Callable<Integer> {

  private static final long MEGABYTE = 1_000_000;

  @Mixin private HelpOption help = new HelpOption();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "the base: a Hugging Face Llama directory")
  @SuppressWarnings("NullAway.Init") // required
  private Path model;

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      required = true,
      description = "a PEFT LoRA directory for it")
  @SuppressWarnings("NullAway.Init") // required
  private Path adapter;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "where to write; does not exist or is empty")
  @SuppressWarnings("NullAway.Init") // required
  private Path out;

  @Option(
      names = "--scale",
      paramLabel = "X",
      defaultValue = "1",
      description = "what the adapter's change is multiplied by; 1 when absent")
  private double scale;

  @Option(
      names = "--shard-megabytes",
      paramLabel = "N",
      defaultValue = "5000",
      description = "the most of one file's tensors; 5000 when absent")
  private long shardMegabytes;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  /** The last tenth that was told. */
  private long tenth;

  @Override
  public Integer call() {
    Checkpoint base = Checkpoint.open(model);
    AdapterMerge.builder(base)
        .add(LoraAdapter.open(adapter, base), scale)
        .optShardBytes(shardMegabytes * MEGABYTE)
        .optProgress(this::tell)
        .build()
        .write(out);
    spec.commandLine().getOut().println("wrote " + out);
    return 0;
  }

  private void tell(long bytes, long total) {
    if (bytes * 10 / total > tenth) {
      tenth = bytes * 10 / total;
      PrintWriter writer = spec.commandLine().getOut();
      writer.printf("%3d %% of %,d MB%n", tenth * 10, total / MEGABYTE);
      writer.flush();
    }
  }
}
