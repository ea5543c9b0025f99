package io.aicoder.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.aicoder.AiCoder;
import io.aicoder.checkpoint.SafeTensors;
import io.aicoder.checkpoint.StoredTensor;
import io.aicoder.finetune.log.MetricsListener;
import io.aicoder.finetune.log.StepMetrics;
import io.aicoder.finetune.peft.LoraOptions;
import io.aicoder.finetune.train.FineTuning;
import io.aicoder.finetune.train.TrainingOptions;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.Quantization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Other bases and other ways to compute: what must stay the same, and what must come near. */
class TrainingVariantsTest {

  private static final int STEPS = 6;

  private final Path folder;
  private final List<Double> losses = new ArrayList<>();
  private Path data;

  TrainingVariantsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void writeData() throws IOException {
    data = TinyModel.writeData(folder.resolve("data.jsonl"), 4);
  }

  /** The same four records each step, so that the loss falls. */
  private LoraFineTuner.Builder training(Path base, String name, boolean recompute) {
    losses.clear();
    return LoraFineTuner.builder()
        .setBase(base)
        .addData(data)
        .setOutput(folder.resolve(name))
        .optLora(LoraOptions.builder().optRank(4).optBaseModel("base").build())
        .optTraining(
            TrainingOptions.builder()
                .optLearningRate(1e-2)
                .optWarmUpShare(0)
                .optBatchSize(4)
                .optAccumulation(1)
                .optEpochs(STEPS)
                .optRecompute(recompute)
                .build())
        .optCacheDirectory(folder.resolve("cache"))
        .optCheckpointEvery(1)
        .optKeptCheckpoints(STEPS)
        .optListener(
            afterStep ->
                new MetricsListener() {
                  @Override
                  public void step(StepMetrics metrics) {
                    losses.add(metrics.loss());
                  }
                });
  }

  private void lossFell() {
    assertThat(losses).hasSize(STEPS);
    assertThat(losses.get(STEPS - 1)).isLessThan(0.9 * losses.get(0));
  }

  /** Of the first step AdamW keeps a tenth of its gradients. */
  private double cosineOfFirstGradients(String one, String other) {
    Map<String, StoredTensor> first = gradients(one);
    Map<String, StoredTensor> second = gradients(other);
    double product = 0;
    double square = 0;
    double otherSquare = 0;
    for (Map.Entry<String, StoredTensor> tensor : first.entrySet()) {
      if (tensor.getKey().endsWith(".exp_avg")) {
        float[] left = tensor.getValue().values();
        float[] right = Objects.requireNonNull(second.get(tensor.getKey())).values();
        for (int i = 0; i < left.length; i++) {
          product += (double) left[i] * right[i];
          square += (double) left[i] * left[i];
          otherSquare += (double) right[i] * right[i];
        }
      }
    }
    return product / Math.sqrt(square * otherSquare);
  }

  private Map<String, StoredTensor> gradients(String name) {
    return SafeTensors.read(
        folder.resolve(name).resolve("checkpoints/checkpoint-1/optimizer.safetensors"));
  }

  private static List<Integer> generate(AiCoder coder, String adapter) {
    return coder
        .generate(
            GenerationRequest.tokens(List.of(84, 665, 268))
                .optMaxNewTokens(8)
                .optIgnoreEos(true)
                .optAdapter(adapter)
                .build())
        .ids();
  }

  @Test
  void roundedBasesTrainNearTheExact() {
    training(TinyModel.NANO, "fp32", false).optComputeType(ComputeType.FP32).build().run();
    lossFell();
    double exact = losses.get(0);

    training(TinyModel.NANO, "bf16", false).optComputeType(ComputeType.BF16).build().run();
    lossFell();
    assertThat(losses.get(0)).isCloseTo(exact, within(0.05));
    assertThat(cosineOfFirstGradients("fp32", "bf16")).isGreaterThan(0.99);

    training(TinyModel.NANO, "int8", false).optQuantization(new Quantization.Int8()).build().run();
    lossFell();
    assertThat(losses.get(0)).isCloseTo(exact, within(0.05));
    assertThat(cosineOfFirstGradients("fp32", "int8")).isGreaterThan(0.99);

    Quantization int4 = new Quantization.Int4(32);
    FineTuning.Outcome outcome =
        training(TinyModel.NANO, "int4", false).optQuantization(int4).build().run();
    lossFell();
    assertThat(losses.get(0)).isCloseTo(exact, within(0.5));
    assertThat(cosineOfFirstGradients("fp32", "int4")).isBetween(0.9, 0.9999);
    try (AiCoder coder = AiCoder.load(TinyModel.NANO)) {
      coder.loadAdapter("int4", outcome.trained());
      assertThat(generate(coder, "int4")).isNotEqualTo(generate(coder, AiCoder.BASE));
    }
  }

  /** Magnitudes begin as the lengths of the rounded rows: before a step only rounding differs. */
  @Test
  void doraBeginsWithTheRoundedBase() {
    Quantization int4 = new Quantization.Int4(32);
    training(TinyModel.NANO, "lora", false).optQuantization(int4).build().run();
    double first = losses.get(0);
    training(TinyModel.NANO, "dora", false)
        .optLora(LoraOptions.builder().optRank(4).optUseDora(true).build())
        .optQuantization(int4)
        .build()
        .run();
    lossFell();
    assertThat(losses.get(0)).isCloseTo(first, within(0.01));
  }

  @Test
  void layersThatComputeAgainChangeNothing() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"));
    Path kept = training(base, "kept", false).build().run().trained();
    List<Double> before = List.copyOf(losses);
    Path again = training(base, "again", true).build().run().trained();
    assertThat(losses).isEqualTo(before);
    assertThat(again.resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(kept.resolve("adapter_model.safetensors"));
    lossFell();
  }

  @Test
  void aWholeModelIsTrainedAndLoaded() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"));
    FineTuning.Outcome outcome =
        training(base, "whole", false).optAllParameters(true).build().run();
    lossFell();
    assertThat(outcome.trained().getFileName()).hasToString("model");
    try (AiCoder former = AiCoder.load(base);
        AiCoder trained = AiCoder.load(outcome.trained())) {
      assertThat(generate(trained, AiCoder.BASE)).isNotEqualTo(generate(former, AiCoder.BASE));
    }
  }

  /** What is gone on from is the adapter, not a new one: its first loss follows the last before. */
  @Test
  void anAdapterIsGoneOnWith() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"));
    Path first = training(base, "first", false).build().run().trained();
    double reached = losses.get(STEPS - 1);
    Path second = training(base, "second", false).optStartFrom(first).build().run().trained();
    assertThat(losses.get(0)).isLessThan(reached);
    assertThat(Files.readString(second.resolve("adapter_config.json")))
        .isEqualTo(Files.readString(first.resolve("adapter_config.json")));
  }

  /** A schedule that warms up begins at 0, and a single step would learn nothing. */
  @Test
  void aSingleStepLearns() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"));
    LoraFineTuner.Builder training = training(base, "one", false);
    TrainingOptions one =
        TrainingOptions.builder().optBatchSize(4).optAccumulation(1).optMaxSteps(1).build();
    Path trained = training.optTraining(one).build().run().trained();
    assertThat(one.warmUpShare()).isPositive();
    assertThat(SafeTensors.read(trained.resolve("adapter_model.safetensors")))
        .hasEntrySatisfying(
            "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight",
            b -> assertThat(b.values()).doesNotContain(0));
  }

  @Test
  void memoryGrowsWithTheBatchAndShrinksByComputingAgain() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"));
    var plain = training(base, "plan", false).build().plan().memory();
    var again = training(base, "plan", true).build().plan().memory();
    assertThat(again.activations()).isLessThan(plain.activations());
    assertThat(again.trained()).isEqualTo(plain.trained());
    LoraFineTuner.Builder packed =
        training(base, "plan", false).optReading(reading -> reading.optPacking(true));
    assertThat(packed.build().plan().memory().resident()).isGreaterThan(plain.resident());
    assertThat(folder.resolve("plan")).doesNotExist();
  }
}
