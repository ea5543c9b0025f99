package io.aicoder.examples;

import io.aicoder.finetune.LoraFineTuner;
import io.aicoder.finetune.log.CsvLog;
import io.aicoder.finetune.log.CurvesPage;
import io.aicoder.finetune.log.JsonLinesLog;
import io.aicoder.finetune.log.MetricsListener;
import io.aicoder.finetune.log.TensorBoardLog;
import io.aicoder.finetune.log.TrainingProgress;
import io.aicoder.finetune.train.FineTuning;
import io.aicoder.finetune.train.TrainingOptions;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Fine-tunes a model with LoRA and writes a PEFT adapter. */
@Command(
    name = "FineTune",
    description = "Trains a LoRA adapter, or the whole model, on records.",
    sortOptions = false)
final class FineTune implements Callable<Integer> {

  @Mixin private HelpOption help = new HelpOption();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "the base: a Hugging Face Llama directory")
  @SuppressWarnings("NullAway.Init") // required
  private Path model;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "gets adapter, checkpoints, logs and curves.html")
  @SuppressWarnings("NullAway.Init") // required
  private Path folder;

  @Mixin private DataArguments data = new DataArguments();
  @Mixin private LoraArguments lora = new LoraArguments();
  @Mixin private TrainingArguments training = new TrainingArguments();
  @Mixin private ModelOptions modelOptions = new ModelOptions();

  @Option(names = "--resume", description = "goes on from the newest checkpoint, if there is one")
  private boolean resume;

  @Option(names = "--dry-run", description = "tells what it would take, and trains nothing")
  private boolean dryRun;

  @Option(
      names = "--evaluate-every",
      paramLabel = "STEPS",
      defaultValue = "0",
      description = "between measurements; one at the end when absent")
  private int evaluateEvery;

  @Option(
      names = "--tasks",
      paramLabel = "FILE",
      description = "benchmark tasks: SR@All is measured, and the best adapter kept by it")
  private @Nullable Path tasks;

  @Option(
      names = "--patience",
      paramLabel = "N",
      defaultValue = "0",
      description = "stops after so many measurements without a better one; 0: never")
  private int patience;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "STEPS",
      defaultValue = "100",
      description = "between checkpoints; 100 when absent")
  private int checkpointEvery;

  @Option(
      names = "--keep",
      paramLabel = "N",
      defaultValue = "2",
      description = "checkpoints that stay beside the best; 2 when absent")
  private int keep;

  private final PrintStream out = System.out;

  @Override
  public Integer call() {
    TrainingOptions options = training.options();
    LoraFineTuner.Builder builder =
        LoraFineTuner.builder()
            .setBase(model)
            .setOutput(folder)
            .optTraining(options)
            .optResume(resume)
            .optEvaluateEvery(evaluateEvery)
            .optPatience(patience)
            .optCheckpointEvery(checkpointEvery)
            .optKeptCheckpoints(keep);
    data.configure(builder);
    lora.configure(builder);
    modelOptions.configure(builder);
    if (dryRun) {
      out.println(builder.build().plan().text());
      return 0;
    }
    if (tasks == null) {
      train(builder, options);
      return 0;
    }
    try (TaskMeasure measure =
        new TaskMeasure(
            model, tasks, folder.resolve("tasks"), Runtime.getRuntime().availableProcessors())) {
      train(builder.optMeasure("SR@All", measure), options);
    }
    return 0;
  }

  private void train(LoraFineTuner.Builder builder, TrainingOptions options) {
    LoraFineTuner tuner = builder.optListener(this::listener).build();
    out.println(tuner.data().summary(options.batchSize(), options.accumulation()).table());
    steps = tuner.steps();
    FineTuning.Outcome outcome = tuner.run();
    Path page = folder.resolve("curves.html");
    CurvesPage.write(
        page,
        "Fine-tuning " + model.getFileName(),
        JsonLinesLog.read(metrics()),
        arguments(options, outcome));
    out.printf("%s after %d steps: %s%n", ended(outcome), outcome.steps(), outcome.figures());
    out.println("adapter: " + outcome.trained());
    out.println("curves: " + page);
  }

  /** Known when the listener is made, which is when the training begins. */
  private long steps;

  private MetricsListener listener(long afterStep) {
    return MetricsListener.all(
        List.of(
            new TrainingProgress(out, steps, afterStep, System.console() != null),
            CsvLog.open(folder.resolve("steps.csv"), folder.resolve("measurements.csv"), afterStep),
            JsonLinesLog.open(metrics(), afterStep),
            TensorBoardLog.open(folder.resolve("tensorboard"), afterStep)));
  }

  private Path metrics() {
    return folder.resolve("metrics.jsonl");
  }

  private static String ended(FineTuning.Outcome outcome) {
    return switch (outcome.ending()) {
      case COMPLETED -> "completed";
      case STOPPED_EARLY -> "stopped early";
      case STOPPED -> "stopped";
      case FAILED -> "failed";
    };
  }

  private Map<String, String> arguments(TrainingOptions options, FineTuning.Outcome outcome) {
    Map<String, String> arguments = new LinkedHashMap<>();
    arguments.put("base", model.toString());
    arguments.put("learning rate", String.valueOf(options.learningRate()));
    arguments.put("schedule", options.schedule().name().toLowerCase(Locale.ROOT));
    arguments.put("batch", options.batchSize() + " × " + options.accumulation());
    arguments.put("epochs", String.valueOf(options.epochs()));
    arguments.put("steps", String.valueOf(outcome.steps()));
    return arguments;
  }
}
