package io.aicoder.finetune.train;

import ai.djl.engine.Engine;
import ai.djl.training.listener.TrainingListener;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.finetune.data.Batches;
import io.aicoder.finetune.data.DataSummary;
import io.aicoder.finetune.data.TrainingData;
import io.aicoder.finetune.log.RunSummary.Ending;
import io.aicoder.finetune.peft.AdapterFiles;
import io.aicoder.finetune.peft.LoraOptions;
import io.aicoder.finetune.peft.ModelCard;
import io.aicoder.finetune.peft.NamedTensor;
import io.aicoder.finetune.peft.SavedAdapter;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.llama.Placement;
import io.aicoder.llama.TrainingProgram;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A training that is settled in all its parts: what {@code LoraFineTuner} makes and runs. */
public final class FineTuning {

  private final Request request;
  private final Checkpoint base;
  private final @Nullable SavedAdapter former;
  private final @Nullable LoraOptions lora;
  private final TrainedFiles files;
  private final List<Trainable> trainables;
  private final Batches batches;
  private final int steps;
  private final OutputFolder output;
  private volatile boolean stopped;

  /**
   * What is asked for.
   *
   * @param base the frozen base
   * @param data what to learn
   * @param lora what LoRA adapts; {@code null}: all parameters are trained
   * @param startFrom an adapter to go on from, whose options count then; {@code null}: a new one
   * @param options how to train
   * @param policy what happens beside
   * @param listeners DJL's
   * @param output where all goes
   * @param resume whether to go on from the newest checkpoint, if there is one
   */
  public record Request(
      BaseModel base,
      TrainingData data,
      @Nullable LoraOptions lora,
      @Nullable Path startFrom,
      TrainingOptions options,
      RunPolicy policy,
      List<TrainingListener> listeners,
      Path output,
      boolean resume) {}

  /**
   * How it ended.
   *
   * @param trained the adapter's directory, or the checkpoint's where all was trained; of a stopped
   *     training the directory in {@code checkpoints}
   * @param steps the steps done
   * @param step the one behind which {@code trained} is: that of the best measurement, or the last
   * @param figures the newest of each kind up to that step, such as {@code loss}
   */
  public record Outcome(
      Path trained, int steps, int step, Ending ending, Map<String, Double> figures) {}

  /**
   * Settles a training.
   *
   * @throws AiCoderException when options do not fit the base, or the adapter to go on from is
   *     damaged or for another base
   */
  public FineTuning(Request request) {
    this.request = request;
    this.base = request.base.checkpoint();
    this.output = new OutputFolder(request.output);
    output.requireFree(request.resume);
    TrainingOptions options = request.options;
    this.batches = request.data.batches(options.batchSize());
    long all = batches.steps(options.epochs(), options.accumulation());
    this.steps = (int) (options.maxSteps() > 0 ? Math.min(options.maxSteps(), all) : all);
    Path startFrom = request.startFrom;
    LoraOptions asked = request.lora;
    if (startFrom != null && asked == null) {
      throw refused(
          "all parameters are trained, and an adapter is named to go on from: merge it first");
    }
    this.former = startFrom == null ? null : SavedAdapter.open(startFrom, base);
    this.lora = former == null ? asked : former.options();
    requireTrainable();
    if (lora == null) {
      files = new TrainedFiles.Whole(base);
      trainables = Trainables.all(base);
    } else {
      AdapterFiles adapter = new AdapterFiles(named(lora), base.config());
      if (former == null) {
        adapter.requireMeant();
      }
      files = new TrainedFiles.Adapter(adapter, base);
      trainables = Trainables.of(adapter);
    }
  }

  private void requireTrainable() {
    if (lora != null) {
      return;
    }
    if (request.options.loraPlusRatio() != 1) {
      throw refused(
          "LoRA+ ratio is %s, and all parameters are trained: it is of LoRA's B"
              .formatted(request.options.loraPlusRatio()));
    }
    if (request.base.quantized()) {
      throw refused(
          "all parameters are trained, and the base is quantized to %s: what is trained is not quantized; leave it out"
              .formatted(request.base.numbers()));
    }
  }

  private static AiCoderException refused(String problem) {
    return new AiCoderException(ErrorCategory.REQUEST, problem);
  }

  private LoraOptions named(LoraOptions options) {
    return options.baseModel() == null
        ? options.toBuilder().optBaseModel(base.directory().toString()).build()
        : options;
  }

  /** Returns how many steps the whole training has. */
  public int steps() {
    return steps;
  }

  /**
   * Finds out what the training would take: reads nothing more than the base, changes nothing.
   *
   * @throws AiCoderException (ENVIRONMENT) when it would not fit into memory
   */
  public TrainingPlan plan() {
    Placement placement = request.base.place();
    TrainingMemory memory = memory(placement);
    TrainingOptions options = request.options;
    try (LlamaProgram program = request.base.load(placement)) {
      double tokensPerSecond = new TrainingRun(setup(program)).probe();
      DataSummary data = request.data.summary(options.batchSize(), options.accumulation());
      double epochs = Math.min(options.epochs(), (double) steps / data.steps());
      long all = (long) (data.tokens() * epochs);
      return new TrainingPlan(
          data,
          steps,
          numbers(),
          memory,
          tokensPerSecond,
          Duration.ofMillis((long) (1000 * all / tokensPerSecond)));
    }
  }

  private double dropout() {
    return lora == null ? 0 : lora.dropout();
  }

  private long numbers() {
    return trainables.stream().mapToLong(Trainable::size).sum();
  }

  private TrainingMemory memory(Placement placement) {
    String device = placement.stages().get(0).device();
    boolean onGpu = !device.equals("cpu");
    TrainingMemory memory =
        TrainingMemory.of(
            request.base.memory(onGpu),
            base.config(),
            numbers(),
            batches.mostTokens(),
            mostValidationTokens(),
            request.options.recompute(),
            dropout() > 0,
            onGpu ? request.base.format().bytes() : Float.BYTES);
    memory.requireRoom(device);
    return memory;
  }

  private int mostValidationTokens() {
    return request.data.validation().isEmpty()
        ? 0
        : request.data.validationBatches(request.options.batchSize()).mostTokens();
  }

  /** Has the training end behind its next step; by any thread. */
  public void stop() {
    stopped = true;
  }

  /**
   * Trains.
   *
   * @throws AiCoderException when it would not fit into memory, the loss is not finite any more, or
   *     nothing can be written; checkpoints that are written stay
   */
  public Outcome run() {
    Placement placement = request.base.place();
    memory(placement);
    try (LlamaProgram program = request.base.load(placement)) {
      Path trained = request.output.resolve(lora == null ? "model" : "adapter");
      TrainingRun.Result result = new TrainingRun(setup(program)).run(request.resume, trained);
      return new Outcome(
          result.trained(),
          result.progress().step(),
          result.written().step(),
          result.ending(),
          result.written().figures());
    }
  }

  private TrainingRun.Setup setup(LlamaProgram program) {
    TrainingProgram training =
        new TrainingProgram(
            program,
            trainables.stream().map(Trainable::parameter).toList(),
            new TrainingProgram.Options(
                !request.options.recompute(), dropout(), request.base.format(), files.tiedHead()));
    return new TrainingRun.Setup(
        training,
        batches,
        steps,
        trainables,
        values(training),
        files,
        request.data,
        new RunSettings(
            base.fingerprint(),
            request.data.fingerprint(),
            RunSettings.trained(lora, former != null),
            request.base.numbers(),
            request.options),
        output,
        () -> stopped,
        request.policy,
        request.listeners,
        this::card);
  }

  private List<float[]> values(TrainingProgram program) {
    if (former != null) {
      Map<String, float[]> saved =
          former.tensors().stream()
              .collect(Collectors.toMap(NamedTensor::name, NamedTensor::numbers));
      return trainables.stream()
          .map(each -> Objects.requireNonNull(saved.get(each.name()), each.name()))
          .toList();
    }
    SplittableRandom random = new SplittableRandom(request.options.seed());
    List<float[]> values = new ArrayList<>();
    for (Trainable trainable : trainables) {
      values.add(Trainables.initial(trainable, base, program::rowLengths, random));
    }
    return values;
  }

  private ModelCard card(Progress progress) {
    TrainingOptions options = request.options;
    Engine engine = Engine.getEngine("PyTorch");
    Map<String, String> data = new LinkedHashMap<>();
    data.put("SHA-256 of the tokenized records", progress.settings().data());
    data.put("records", String.valueOf(request.data.training().size()));
    Map<String, String> arguments = new LinkedHashMap<>();
    arguments.put("learning_rate", String.valueOf(options.learningRate()));
    arguments.put("schedule", options.schedule().name().toLowerCase(Locale.ROOT));
    arguments.put("batch_size", String.valueOf(options.batchSize()));
    arguments.put("accumulation", String.valueOf(options.accumulation()));
    arguments.put("epochs", String.valueOf(options.epochs()));
    arguments.put("steps", String.valueOf(progress.step()));
    arguments.put("weight_decay", String.valueOf(options.weightDecay()));
    arguments.put("max_gradient_norm", String.valueOf(options.maxGradientNorm()));
    arguments.put("seed", String.valueOf(options.seed()));
    arguments.put("base", progress.settings().numbers());
    Map<String, String> metrics = new LinkedHashMap<>();
    progress
        .figures()
        .forEach((name, value) -> metrics.put(name, String.format(Locale.ROOT, "%.4f", value)));
    return new ModelCard(
        String.valueOf(base.directory().getFileName()) + ", fine-tuned",
        data,
        arguments,
        metrics,
        Map.of("AiCoder", "0.1.0", "DJL", Engine.getDjlVersion(), "libtorch", engine.getVersion()));
  }
}
