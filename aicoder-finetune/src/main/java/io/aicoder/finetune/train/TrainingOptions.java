package io.aicoder.finetune.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.util.List;
import java.util.Map;

/**
 * How to train, with the paper's defaults: learning rate 1e-4, batches of 4, 3 epochs.
 *
 * <p>The paper (arXiv 2406.04712) names neither the number of accumulated batches nor a schedule:
 * 4, and half a cosine, are chosen here.
 *
 * {@snippet :
 * TrainingOptions options = TrainingOptions.builder().optEpochs(1).optLearningRate(1e-3).build();
 * }
 *
 * <p>Immutable.
 *
 * @param learningRate the highest rate
 * @param schedule how it goes
 * @param warmUpShare the share of all steps in which it rises from zero, in [0, 1)
 * @param batchSize the rows of a micro-batch
 * @param accumulation how many micro-batches make a step; each of their loss tokens counts the same
 * @param epochs how often the data is gone through
 * @param maxSteps the most steps; 0: as many as the epochs have
 * @param weightDecay AdamW's decoupled decay, of matrices
 * @param beta1 AdamW's decay of the mean of gradients
 * @param beta2 AdamW's decay of the mean of their squares
 * @param epsilon AdamW's divisor at least
 * @param loraPlusRatio how many times the rate of A that of B is (LoRA+); 1: the same
 * @param maxGradientNorm the length that all gradients together are clipped to; 0: not clipped
 * @param recompute whether layers compute again what the backward pass needs, which takes a third
 *     more time and far less memory (activation checkpointing)
 * @param seed of the order of the data, of A's first values and of the dropout
 */
public record TrainingOptions(
    @JsonProperty("learning_rate") double learningRate,
    @JsonProperty("schedule") Schedule schedule,
    @JsonProperty("warm_up_share") double warmUpShare,
    @JsonProperty("batch_size") int batchSize,
    @JsonProperty("accumulation") int accumulation,
    @JsonProperty("epochs") int epochs,
    @JsonProperty("max_steps") int maxSteps,
    @JsonProperty("weight_decay") double weightDecay,
    @JsonProperty("beta1") double beta1,
    @JsonProperty("beta2") double beta2,
    @JsonProperty("epsilon") double epsilon,
    @JsonProperty("lora_plus_ratio") double loraPlusRatio,
    @JsonProperty("max_gradient_norm") double maxGradientNorm,
    @JsonProperty("recompute") boolean recompute,
    @JsonProperty("seed") long seed) {

  /**
   * Checks the numbers.
   *
   * @throws AiCoderException (REQUEST) when one is out of its range
   */
  public TrainingOptions {
    require(
        learningRate > 0 && Double.isFinite(learningRate),
        "learning rate",
        learningRate,
        "above 0");
    require(warmUpShare >= 0 && warmUpShare < 1, "warm-up share", warmUpShare, "from 0 to below 1");
    require(batchSize >= 1, "batch size", batchSize, "at least 1");
    require(accumulation >= 1, "accumulation", accumulation, "at least 1");
    require(epochs >= 1, "epochs", epochs, "at least 1");
    require(maxSteps >= 0, "max steps", maxSteps, "at least 0");
    require(
        weightDecay >= 0 && Double.isFinite(weightDecay),
        "weight decay",
        weightDecay,
        "at least 0");
    require(beta1 >= 0 && beta1 < 1, "beta1", beta1, "from 0 to below 1");
    require(beta2 >= 0 && beta2 < 1, "beta2", beta2, "from 0 to below 1");
    require(epsilon > 0 && Double.isFinite(epsilon), "epsilon", epsilon, "above 0");
    require(
        loraPlusRatio > 0 && Double.isFinite(loraPlusRatio),
        "LoRA+ ratio",
        loraPlusRatio,
        "above 0");
    require(
        maxGradientNorm >= 0 && Double.isFinite(maxGradientNorm),
        "max gradient norm",
        maxGradientNorm,
        "at least 0");
  }

  private static void require(boolean right, String name, Object value, String range) {
    if (!right) {
      throw new AiCoderException(
          ErrorCategory.REQUEST, name + " is " + value + ": it must be " + range);
    }
  }

  /** Returns the defaults. */
  public static TrainingOptions defaults() {
    return builder().build();
  }

  /** Returns a builder that begins with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the options that are not as in others, each with both values. */
  List<String> differences(TrainingOptions then) {
    JsonMapper mapper = new JsonMapper();
    Map<String, Object> former = mapper.convertValue(then, new TypeReference<>() {});
    Map<String, Object> current = mapper.convertValue(this, new TypeReference<>() {});
    return current.entrySet().stream()
        .filter(option -> !option.getValue().equals(former.get(option.getKey())))
        .map(
            option ->
                "%s (%s then, %s now)"
                    .formatted(option.getKey(), former.get(option.getKey()), option.getValue()))
        .toList();
  }

  AdamW.Settings adamW() {
    return new AdamW.Settings(beta1, beta2, epsilon, weightDecay, loraPlusRatio);
  }

  /** Collects options. Not thread-safe. */
  public static final class Builder {

    private double learningRate = 1e-4;
    private Schedule schedule = Schedule.COSINE;
    private double warmUpShare = 0.03;
    private int batchSize = 4;
    private int accumulation = 4;
    private int epochs = 3;
    private int maxSteps;
    private double weightDecay = 0.01;
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double epsilon = 1e-8;
    private double loraPlusRatio = 1;
    private double maxGradientNorm = 1;
    private boolean recompute;
    private long seed = 1;

    private Builder() {}

    /** Sets the highest learning rate; 1e-4 when not set. */
    public Builder optLearningRate(double value) {
      learningRate = value;
      return this;
    }

    /** Sets how the rate goes; {@link Schedule#COSINE} when not set. */
    public Builder optSchedule(Schedule value) {
      schedule = value;
      return this;
    }

    /** Sets the share of all steps in which the rate rises from zero; 0.03 when not set. */
    public Builder optWarmUpShare(double value) {
      warmUpShare = value;
      return this;
    }

    /** Sets the rows of a micro-batch; 4 when not set. */
    public Builder optBatchSize(int value) {
      batchSize = value;
      return this;
    }

    /** Sets how many micro-batches make a step; 4 when not set. */
    public Builder optAccumulation(int value) {
      accumulation = value;
      return this;
    }

    /** Sets how often the data is gone through; 3 when not set. */
    public Builder optEpochs(int value) {
      epochs = value;
      return this;
    }

    /** Sets the most steps; as many as the epochs have when not set. */
    public Builder optMaxSteps(int value) {
      maxSteps = value;
      return this;
    }

    /** Sets AdamW's decoupled weight decay; 0.01 when not set. */
    public Builder optWeightDecay(double value) {
      weightDecay = value;
      return this;
    }

    /** Sets AdamW's betas; 0.9 and 0.999 when not set. */
    public Builder optBetas(double first, double second) {
      beta1 = first;
      beta2 = second;
      return this;
    }

    /** Sets AdamW's epsilon; 1e-8 when not set. */
    public Builder optEpsilon(double value) {
      epsilon = value;
      return this;
    }

    /** Sets how many times the rate of A that of B is (LoRA+: arXiv 2402.12354); 1 when not set. */
    public Builder optLoraPlusRatio(double value) {
      loraPlusRatio = value;
      return this;
    }

    /** Sets the length that gradients are clipped to; 1 when not set, 0 not at all. */
    public Builder optMaxGradientNorm(double value) {
      maxGradientNorm = value;
      return this;
    }

    /** Sets whether layers compute twice and keep little (activation checkpointing). */
    public Builder optRecompute(boolean value) {
      recompute = value;
      return this;
    }

    /** Sets the seed; 1 when not set. */
    public Builder optSeed(long value) {
      seed = value;
      return this;
    }

    /**
     * Returns the options.
     *
     * @throws AiCoderException (REQUEST) when one is out of its range
     */
    public TrainingOptions build() {
      return new TrainingOptions(
          learningRate,
          schedule,
          warmUpShare,
          batchSize,
          accumulation,
          epochs,
          maxSteps,
          weightDecay,
          beta1,
          beta2,
          epsilon,
          loraPlusRatio,
          maxGradientNorm,
          recompute,
          seed);
    }
  }
}
