package io.aicoder.examples;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.finetune.LoraFineTuner;
import io.aicoder.finetune.log.MetricsListener;
import io.aicoder.finetune.log.StepMetrics;
import io.aicoder.finetune.peft.LoraOptions;
import io.aicoder.finetune.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures the steps of a LoRA training: rank 8, alpha 32, all linear layers. */
@Command(
    name = "TrainingBenchmark",
    description = "Measures the steps of a LoRA training; prints one JSON line.")
final class TrainingBenchmark implements Callable<Integer> {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Mixin private HelpOption help = new HelpOption();
  @Mixin private BenchmarkModel model = new BenchmarkModel();
  @Mixin private ModelOptions modelOptions = new ModelOptions();

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "4",
      description = "rows of a step; default ${DEFAULT-VALUE}")
  private int batchSize;

  @Option(
      names = "--sequence-length",
      paramLabel = "N",
      defaultValue = "256",
      description = "tokens of a row; default ${DEFAULT-VALUE}")
  private int sequenceLength;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "9",
      description = "measured steps after one that warms up; default ${DEFAULT-VALUE}")
  private int steps;

  @Option(names = "--recompute", description = "activation checkpointing")
  private boolean recompute;

  @Option(
      names = "--dropout",
      paramLabel = "X",
      defaultValue = "0",
      description = "lora_dropout; default ${DEFAULT-VALUE}")
  private double dropout;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description = "records, one a row; random tokens with a loss on each when absent")
  private @Nullable Path data;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  private final List<StepMetrics> metrics = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    Path folder = Files.createTempDirectory("training-benchmark");
    LoraFineTuner.Builder builder =
        LoraFineTuner.builder()
            .setBase(model.directory())
            .setOutput(folder.resolve("out"))
            .addData(data == null ? random(folder.resolve("random.jsonl")) : data)
            .optReading(reading -> reading.optSequenceLength(sequenceLength))
            .optLora(LoraOptions.builder().optDropout(dropout).build())
            .optCheckpointEvery(0)
            .optListener(step -> new Figures())
            .optTraining(
                TrainingOptions.builder()
                    .optBatchSize(batchSize)
                    .optAccumulation(1)
                    .optMaxSteps(steps + 1)
                    .optRecompute(recompute)
                    .build());
    modelOptions.configure(builder);
    builder.build().run();
    spec.commandLine().getOut().println(line());
    return 0;
  }

  /** Keeps the figures of all steps. */
  private final class Figures implements MetricsListener {
    @Override
    public void step(StepMetrics step) {
      metrics.add(step);
    }
  }

  /** Writes texts that are longer than a row, so that each row is full. */
  private Path random(Path file) throws IOException {
    Random random = new Random(0);
    StringBuilder lines = new StringBuilder();
    for (int row = 0; row < batchSize * (steps + 1); row++) {
      lines.append("{\"text\": \"");
      for (int word = 0; word < 2 * sequenceLength; word++) {
        lines.append((char) ('a' + random.nextInt(26))).append(random.nextInt(10)).append(' ');
      }
      lines.append("\"}\n");
    }
    return Files.writeString(file, lines);
  }

  private String line() throws IOException {
    StepMetrics first = metrics.get(0);
    StepMetrics last = metrics.get(metrics.size() - 1);
    double[] speeds =
        metrics.stream().skip(1).mapToDouble(StepMetrics::tokensPerSecond).sorted().toArray();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("model", model.label());
    line.put("quantization", modelOptions.quantization().label());
    line.put("threads", modelOptions.threads());
    line.put("batch_size", batchSize);
    line.put("sequence_length", sequenceLength);
    line.put("data", data == null ? "random" : data.toString());
    line.put("recompute", recompute);
    line.put("tokens_per_second", tenths(speeds[speeds.length / 2]));
    line.put(
        "overall",
        tenths(
            (last.tokens() - first.tokens()) / (last.elapsedSeconds() - first.elapsedSeconds())));
    line.put("slowest", tenths(speeds[0]));
    line.put("fastest", tenths(speeds[speeds.length - 1]));
    line.put("peak_rss_mib", BenchmarkModel.peakRssMib());
    return MAPPER.writeValueAsString(line);
  }

  private static double tenths(double value) {
    return Math.round(10 * value) / 10.0;
  }
}
