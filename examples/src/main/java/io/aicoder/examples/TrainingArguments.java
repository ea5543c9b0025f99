package io.aicoder.examples;

import io.aicoder.finetune.train.Schedule;
import io.aicoder.finetune.train.TrainingOptions;
import picocli.CommandLine.Option;

/** How is trained: the options of {@link TrainingOptions}. */
final class TrainingArguments {

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      defaultValue = "1e-4",
      description = "the highest; 1e-4 when absent")
  private double learningRate;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      defaultValue = "cosine",
      description = "constant, linear or cosine, which is the default")
  private Schedule schedule = Schedule.COSINE;

  @Option(
      names = "--warm-up",
      paramLabel = "SHARE",
      defaultValue = "0.03",
      description = "of all steps; 0.03 when absent")
  private double warmUp;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "4",
      description = "rows of a micro-batch; 4 when absent")
  private int batchSize;

  @Option(
      names = "--accumulation",
      paramLabel = "N",
      defaultValue = "4",
      description = "micro-batches of a step; 4 when absent")
  private int accumulation;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "3",
      description = "times through the data; 3 when absent")
  private int epochs;

  @Option(
      names = "--max-steps",
      paramLabel = "N",
      defaultValue = "0",
      description = "the most steps; as many as the epochs have when absent")
  private int maxSteps;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      defaultValue = "0.01",
      description = "of AdamW, decoupled; 0.01 when absent")
  private double weightDecay;

  @Option(
      names = "--beta1",
      paramLabel = "X",
      defaultValue = "0.9",
      description = "of AdamW; 0.9 when absent")
  private double beta1;

  @Option(
      names = "--beta2",
      paramLabel = "X",
      defaultValue = "0.999",
      description = "of AdamW; 0.999 when absent")
  private double beta2;

  @Option(
      names = "--epsilon",
      paramLabel = "X",
      defaultValue = "1e-8",
      description = "of AdamW; 1e-8 when absent")
  private double epsilon;

  @Option(
      names = "--lora-plus",
      paramLabel = "RATIO",
      defaultValue = "1",
      description = "rate of B over that of A (arXiv 2402.12354); 1 when absent")
  private double loraPlus;

  @Option(
      names = "--max-gradient-norm",
      paramLabel = "X",
      defaultValue = "1",
      description = "what gradients are clipped to, 0: nothing; 1 when absent")
  private double maxGradientNorm;

  @Option(
      names = "--recompute",
      description = "activation checkpointing: a third more time, far less memory")
  private boolean recompute;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "of order, first values and dropout; 1 when absent")
  private long seed;

  TrainingOptions options() {
    return TrainingOptions.builder()
        .optLearningRate(learningRate)
        .optSchedule(schedule)
        .optWarmUpShare(warmUp)
        .optBatchSize(batchSize)
        .optAccumulation(accumulation)
        .optEpochs(epochs)
        .optMaxSteps(maxSteps)
        .optWeightDecay(weightDecay)
        .optBetas(beta1, beta2)
        .optEpsilon(epsilon)
        .optLoraPlusRatio(loraPlus)
        .optMaxGradientNorm(maxGradientNorm)
        .optRecompute(recompute)
        .optSeed(seed)
        .build();
  }
}
