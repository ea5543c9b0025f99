package io.aicoder.finetune;

import ai.djl.Device;
import ai.djl.training.listener.TrainingListener;
import io.aicoder.AiCoder;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.finetune.data.TrainingData;
import io.aicoder.finetune.log.MetricsListener;
import io.aicoder.finetune.peft.LoraOptions;
import io.aicoder.finetune.train.BaseModel;
import io.aicoder.finetune.train.FineTuning;
import io.aicoder.finetune.train.RunPolicy;
import io.aicoder.finetune.train.TrainingOptions;
import io.aicoder.finetune.train.TrainingPlan;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.LoadProgress;
import io.aicoder.llama.Quantization;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Fine-tunes a model with LoRA (arXiv 2106.09685), with the defaults of the paper's AICoder (arXiv
 * 2406.04712).
 *
 * {@snippet :
 * FineTuning.Outcome outcome =
 *     LoraFineTuner.builder()
 *         .setBase(Path.of("examples/nano/base"))
 *         .addData(Path.of("examples/nano/tasks/train.jsonl.gz"))
 *         .setOutput(Path.of("target/finetuned"))
 *         .optRank(8)
 *         .optAlpha(32)
 *         .build()
 *         .run();
 * AiCoder.load(Path.of("examples/nano/base")).loadAdapter("mine", outcome.trained());
 * }
 *
 * <p>In the output folder: {@code adapter}, a PEFT directory ({@code model}, a checkpoint, where
 * all parameters are trained); {@code checkpoints}, to go on from; and what listeners write.
 *
 * <p>Holds no native memory. For one thread, which trains; trainings of several threads take turns,
 * step by step. On the processor the same data, options and seed give the same adapter, bit for
 * bit, stopped and resumed or not.
 */
public final class LoraFineTuner {

  private final FineTuning tuning;
  private final TrainingData data;

  private LoraFineTuner(FineTuning tuning, TrainingData data) {
    this.tuning = tuning;
    this.data = data;
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns what is trained on. */
  public TrainingData data() {
    return data;
  }

  /** Returns how many steps the whole training has. */
  public int steps() {
    return tuning.steps();
  }

  /**
   * Finds out what the training would take: loads the base and measures one micro-batch.
   *
   * @throws AiCoderException (ENVIRONMENT) when it would not fit into memory
   */
  public TrainingPlan plan() {
    return tuning.plan();
  }

  /**
   * Trains.
   *
   * @throws AiCoderException (ENVIRONMENT) when it would not fit into memory, or something cannot
   *     be written; (EXECUTION) when a loss is not finite any more; (REQUEST) when the output
   *     folder holds another training. What was written stays, and a resumed training goes on from
   *     it
   */
  public FineTuning.Outcome run() {
    return tuning.run();
  }

  /**
   * Has {@link #run} end behind its next step: a checkpoint is written, and a resumed training goes
   * on to the same bits. By any thread, such as one of a shutdown hook; returns at once.
   */
  public void stop() {
    tuning.stop();
  }

  /** Collects what to train, and how. Not thread-safe. */
  public static final class Builder {

    private final List<Path> files = new ArrayList<>();
    private final List<TrainingListener> listeners = new ArrayList<>();
    private final List<RunPolicy.Published> published = new ArrayList<>();
    private @Nullable Path base;
    private @Nullable Path output;
    private UnaryOperator<TrainingData.Builder> reading = UnaryOperator.identity();
    private LoraOptions lora = LoraOptions.defaults();
    private boolean all;
    private @Nullable Path startFrom;
    private TrainingOptions options = TrainingOptions.defaults();
    private @Nullable ComputeType type;
    private Quantization quantization = new Quantization.None();
    private @Nullable Path cacheDirectory;
    private @Nullable Device device;
    private int threads;
    private LoadProgress loadProgress = (bytes, total) -> {};
    private int evaluateEvery;
    private int checkpointEvery = 100;
    private int keptCheckpoints = 2;
    private int patience;
    private RunPolicy.Measure measure = RunPolicy.Measure.NONE;
    private String bestBy = RunPolicy.VALIDATION_LOSS;
    private boolean serves;
    private LongFunction<MetricsListener> listener = afterStep -> new MetricsListener() {};
    private boolean resume;

    private Builder() {}

    /** Sets the directory of the base model. */
    public Builder setBase(Path value) {
      base = value;
      return this;
    }

    /** Adds a file of records, one at least; for the formats see docs/finetune.md. */
    public Builder addData(Path value) {
      files.add(value);
      return this;
    }

    /**
     * Sets the folder that all goes to, of this training alone: absent, empty, or that of the
     * training to go on with.
     */
    public Builder setOutput(Path value) {
      output = value;
      return this;
    }

    /** Sets how data is read, such as {@code data -> data.optPacking(true)}. */
    public Builder optReading(UnaryOperator<TrainingData.Builder> value) {
      reading = value;
      return this;
    }

    /** Sets what LoRA adapts; rank 8, alpha 32 and all linear layers when not set. */
    public Builder optLora(LoraOptions value) {
      lora = value;
      return this;
    }

    /** Sets LoRA's rank alone. */
    public Builder optRank(int value) {
      lora = lora.toBuilder().optRank(value).build();
      return this;
    }

    /** Sets LoRA's alpha alone. */
    public Builder optAlpha(double value) {
      lora = lora.toBuilder().optAlpha(value).build();
      return this;
    }

    /**
     * Sets whether all parameters of the model are trained, for small models, instead of LoRA's.
     */
    public Builder optAllParameters(boolean value) {
      all = value;
      return this;
    }

    /** Sets a PEFT adapter to go on from; its options take the place of {@link #optLora}'s. */
    public Builder optStartFrom(@Nullable Path value) {
      startFrom = value;
      return this;
    }

    /** Sets how to train. */
    public Builder optTraining(TrainingOptions value) {
      options = value;
      return this;
    }

    /** Sets the number format that the base is held and multiplied in; the file's when not set. */
    public Builder optComputeType(@Nullable ComputeType value) {
      type = value;
      return this;
    }

    /** Sets in how many bits the frozen base is held (as in QLoRA: arXiv 2305.14314). */
    public Builder optQuantization(Quantization value) {
      quantization = value;
      return this;
    }

    /** Sets the folder for quantized weights; the user's cache when not set. */
    public Builder optCacheDirectory(@Nullable Path value) {
      cacheDirectory = value;
      return this;
    }

    /** Sets the device; a GPU when there is one, else the processor, when not set. */
    public Builder optDevice(@Nullable Device value) {
      device = value;
      return this;
    }

    /**
     * Sets the threads of one operation, for the whole process; 0: libtorch's choice.
     *
     * @throws IllegalArgumentException when it is negative
     */
    public Builder optThreads(int value) {
      if (value < 0) {
        throw new IllegalArgumentException("threads is " + value + ": it must be 0 or more");
      }
      threads = value;
      return this;
    }

    /** Sets who is told while the base is loaded. */
    public Builder optLoadProgress(LoadProgress value) {
      loadProgress = value;
      return this;
    }

    /** Sets how many steps lie between measurements; one at the end when not set, or 0. */
    public Builder optEvaluateEvery(int value) {
      evaluateEvery = value;
      return this;
    }

    /** Sets how many steps lie between checkpoints; 100 when not set, 0: one at the end. */
    public Builder optCheckpointEvery(int value) {
      checkpointEvery = value;
      return this;
    }

    /** Sets how many of the newest checkpoints stay, beside the best; 2 when not set. */
    public Builder optKeptCheckpoints(int value) {
      keptCheckpoints = value;
      return this;
    }

    /**
     * Sets after how many measurements without a better one the training stops; 0: never. It takes
     * {@link #optEvaluateEvery}, and something to measure.
     */
    public Builder optPatience(int value) {
      patience = value;
      return this;
    }

    /**
     * Sets what is measured beside the validation loss, such as SR@All on some tasks.
     *
     * @param best the name of the figure by which the best model is chosen, higher is better; in
     *     place of the validation loss
     */
    public Builder optMeasure(String best, RunPolicy.Measure value) {
      bestBy = best;
      measure = value;
      return this;
    }

    /**
     * Loads each checkpoint into a running model of the same base, under a name; not where all
     * parameters are trained.
     */
    public Builder optServeIn(AiCoder coder, String name) {
      serves = true;
      published.add((directory, step) -> coder.replaceAdapter(name, directory));
      return this;
    }

    /** Adds who is given each checkpoint. */
    public Builder optPublished(RunPolicy.Published value) {
      published.add(value);
      return this;
    }

    /**
     * Sets who is told figures.
     *
     * @param value makes it, given the step behind which the training begins
     */
    public Builder optListener(LongFunction<MetricsListener> value) {
      listener = value;
      return this;
    }

    /** Adds a listener of DJL's {@code Trainer}. */
    public Builder optTrainingListener(TrainingListener value) {
      listeners.add(value);
      return this;
    }

    /**
     * Sets whether to go on from the newest checkpoint in the output folder; a training begins
     * where there is none, so that a process that is started again and again may always ask for it.
     */
    public Builder optResume(boolean value) {
      resume = value;
      return this;
    }

    /**
     * Reads the data, and settles the training.
     *
     * @throws AiCoderException (INPUT) when a record cannot be used, naming file, line and field;
     *     (REQUEST) when options are out of range, exclude each other or do not fit the base, or
     *     the output folder holds anything but a training to go on with; (CHECKPOINT) when base or
     *     adapter is damaged, or the adapter is for another base
     * @throws IllegalStateException when something required was not set
     */
    public LoraFineTuner build() {
      if (base == null || output == null || files.isEmpty()) {
        throw new IllegalStateException("setBase, addData and setOutput must be called");
      }
      RunPolicy policy =
          new RunPolicy(
              evaluateEvery,
              checkpointEvery,
              keptCheckpoints,
              patience,
              measure,
              bestBy,
              RunPolicy.Published.all(published),
              listener);
      if (all && serves) {
        throw new AiCoderException(
            ErrorCategory.REQUEST,
            "optServeIn loads adapters, and all parameters are trained: leave one out");
      }
      TrainingData.Builder builder =
          TrainingData.builder().setCheckpoint(base).optSeed(options.seed());
      files.forEach(builder::addFile);
      TrainingData data = reading.apply(builder).build();
      policy.requireMeasured(!data.validation().isEmpty());
      BaseModel model =
          new BaseModel(
              Checkpoint.open(base),
              type,
              quantization,
              cacheDirectory,
              device,
              threads,
              loadProgress);
      FineTuning.Request request =
          new FineTuning.Request(
              model,
              data,
              all ? null : lora,
              startFrom,
              options,
              policy,
              List.copyOf(listeners),
              Objects.requireNonNull(output),
              resume);
      return new LoraFineTuner(new FineTuning(request), data);
    }
  }
}
