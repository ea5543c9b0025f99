package io.aicoder.examples;

import io.aicoder.finetune.LoraFineTuner;
import io.aicoder.finetune.log.CsvLog;
import io.aicoder.finetune.log.CurvesLog;
import io.aicoder.finetune.log.JsonLinesLog;
import io.aicoder.finetune.log.MetricsListener;
import io.aicoder.finetune.log.TensorBoardLog;
import io.aicoder.finetune.log.TrainingProgress;
import io.aicoder.finetune.train.FineTuning;
import io.aicoder.finetune.train.RunPolicy;
import io.aicoder.finetune.train.TrainingOptions;
import io.aicoder.llama.ComputeType;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

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
  @Mixin private MeasureArguments measures = new MeasureArguments();

  @Option(names = "--resume", description = "goes on from the newest checkpoint, if there is one")
  private boolean resume;

  @Option(names = "--dry-run", description = "tells what it would take, and trains nothing")
  private boolean dryRun;

  @Option(
      names = "--show",
      paramLabel = "N",
      defaultValue = "0",
      description = "prints so many records as tokens, what is learned marked, before it begins")
  private int shown;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  private final PrintStream out = System.out;

  /** Known when the listener is made, which is when the training begins. */
  private long steps;

  @Override
  public Integer call() {
    if (shown < 0) {
      throw new ParameterException(spec.commandLine(), "--show " + shown + ": 0 or more");
    }
    LoraFineTuner.Builder builder =
        LoraFineTuner.builder()
            .setBase(model)
            .setOutput(folder)
            .optTraining(training.options())
            .optResume(resume)
            .optListener(this::listener);
    data.configure(builder);
    lora.configure(builder);
    modelOptions.configure(builder);
    measures.configure(builder);
    Path tasks = measures.tasks();
    if (tasks == null) {
      run(builder, RunPolicy.VALIDATION_LOSS);
      return 0;
    }
    try (TaskMeasure measure =
        new TaskMeasure(
            tasks,
            lora.all() ? null : model,
            folder.resolve("tasks"),
            directory -> modelOptions.builder(directory, ComputeType.FP32).build(),
            Runtime.getRuntime().availableProcessors())) {
      run(builder.optMeasure(TaskMeasure.SR_ALL, measure), TaskMeasure.SR_ALL);
    }
    return 0;
  }

  private void run(LoraFineTuner.Builder builder, String bestBy) {
    LoraFineTuner tuner = builder.build();
    ShownRecords.print(out, model, tuner.data(), shown);
    if (dryRun) {
      out.println(tuner.plan().text());
      return;
    }
    TrainingOptions options = training.options();
    out.println(tuner.data().summary(options.batchSize(), options.accumulation()).table());
    steps = tuner.steps();
    try (StopOnSignal signal = new StopOnSignal(tuner)) {
      tell(tuner.run(), bestBy);
    }
  }

  private void tell(FineTuning.Outcome outcome, String bestBy) {
    switch (outcome.ending()) {
      case COMPLETED -> out.println("completed after step " + outcome.steps());
      case STOPPED_EARLY ->
          out.printf("stopped early after step %d: %s got no better%n", outcome.steps(), bestBy);
      default -> {
        out.printf("stopped after step %d of %d: go on with --resume%n", outcome.steps(), steps);
        return;
      }
    }
    String figures =
        outcome.figures().entrySet().stream()
            .map(
                figure -> String.format(Locale.ROOT, "%s %.4f", figure.getKey(), figure.getValue()))
            .collect(Collectors.joining(", "));
    boolean best = outcome.figures().containsKey(bestBy);
    out.printf(
        "%s: %s (step %d%s; %s)%n",
        lora.all() ? "model" : "adapter",
        outcome.trained(),
        outcome.step(),
        best ? ", the best by " + bestBy : "",
        figures);
    out.println("curves: " + folder.resolve("curves.html"));
  }

  private MetricsListener listener(long afterStep) {
    if (resume) {
      out.println(
          afterStep >= steps
              ? "already complete: all " + steps + " steps are done"
              : afterStep > 0
                  ? "going on after step " + afterStep + " of " + steps
                  : "no checkpoint: it begins");
    }
    Path metrics = folder.resolve("metrics.jsonl");
    return MetricsListener.all(
        List.of(
            new TrainingProgress(out, steps, afterStep, System.console() != null),
            CsvLog.open(folder.resolve("steps.csv"), folder.resolve("measurements.csv"), afterStep),
            JsonLinesLog.open(metrics, afterStep),
            TensorBoardLog.open(folder.resolve("tensorboard"), afterStep),
            new CurvesLog(
                folder.resolve("curves.html"), "Fine-tuning " + model, metrics, arguments())));
  }

  /** Returns all options that say something, as they would be given. */
  private Map<String, String> arguments() {
    Map<String, String> arguments = new LinkedHashMap<>();
    for (OptionSpec option : spec.options()) {
      Object value = option.getValue();
      String text =
          value instanceof Collection<?> many
              ? many.stream().map(String::valueOf).collect(Collectors.joining(", "))
              : String.valueOf(value);
      boolean nothing = value == null || value.equals(false) || text.isEmpty() || text.equals("{}");
      if (!nothing) {
        arguments.put(option.longestName(), text);
      }
    }
    return arguments;
  }
}
