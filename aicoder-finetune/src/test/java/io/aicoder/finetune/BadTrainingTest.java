package io.aicoder.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.AiCoder;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.finetune.data.TrainingData;
import io.aicoder.finetune.data.TrainingExample;
import io.aicoder.finetune.peft.LoraOptions;
import io.aicoder.finetune.train.TrainingOptions;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.Quantization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong in a training is told with its place and its remedy, and nothing is lost. */
class BadTrainingTest {

  private final Path folder;
  private final Path output;
  private Path base;
  private Path data;

  BadTrainingTest(@TempDir Path folder) {
    this.folder = folder;
    this.output = folder.resolve("out");
  }

  @BeforeEach
  void writeModel() throws IOException {
    base = TinyModel.write(folder.resolve("base"));
    data = TinyModel.writeData(folder.resolve("data.jsonl"), 12);
  }

  private LoraFineTuner.Builder training() {
    return training(base, data, output);
  }

  private static LoraFineTuner.Builder training(Path base, Path data, Path output) {
    return LoraFineTuner.builder()
        .setBase(base)
        .addData(data)
        .setOutput(output)
        .optLora(lora(options -> options))
        .optTraining(options(options -> options))
        .optCheckpointEvery(1)
        .optThreads(1);
  }

  private static LoraOptions lora(UnaryOperator<LoraOptions.Builder> change) {
    return change.apply(LoraOptions.builder().optRank(2).optBaseModel("tiny")).build();
  }

  private static TrainingOptions options(UnaryOperator<TrainingOptions.Builder> change) {
    return change
        .apply(TrainingOptions.builder().optBatchSize(2).optAccumulation(1).optEpochs(1))
        .build();
  }

  private static void refused(ErrorCategory category, Runnable action, String... parts) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            AiCoderException.class, e -> assertThat(e.category()).isEqualTo(category))
        .hasMessageContainingAll(parts);
  }

  @Test
  void dataOfWhichNothingCanBeLearned() throws IOException {
    Path empty = Files.writeString(folder.resolve("empty.jsonl"), "");
    refused(ErrorCategory.INPUT, () -> training(base, empty, output).build(), empty.toString());
    Path masked =
        Files.writeString(
            folder.resolve("masked.jsonl"), "{\"prompt\": \"a\", \"completion\": \"\"}\n");
    refused(
        ErrorCategory.INPUT,
        () -> training(base, masked, output).optReading(r -> r.optEndOfText(false)).build(),
        masked.toString());
    assertThat(output).doesNotExist();
  }

  @Test
  void optionsThatDoNotFit() {
    refused(
        ErrorCategory.REQUEST,
        () -> training().optReading(reading -> reading.optSequenceLength(257)).build(),
        "sequence length is 257",
        "max_position_embeddings) is 256");
    refused(
        ErrorCategory.REQUEST,
        () -> training().optLora(lora(o -> o.optTargetModules(List.of("embed_tokens")))).build(),
        "embed_tokens",
        "modules to save");
    refused(
        ErrorCategory.REQUEST,
        () -> training().optLora(lora(o -> o.optTargetModules(List.of("c_attn")))).build(),
        "c_attn");
    refused(
        ErrorCategory.REQUEST,
        () -> training().optLora(lora(o -> o.optRankPattern(Map.of("mlp", 4)))).build(),
        "names mlp, which fits no adapted module");
    refused(
        ErrorCategory.REQUEST,
        () ->
            training()
                .optLora(
                    lora(
                        o ->
                            o.optTargetModules(List.of("q_proj"))
                                .optAlphaPattern(Map.of("layers.1.q_proj", 4.0, "up_proj", 4.0))))
                .build(),
        "names layers.1.q_proj, which fits no adapted module"); // self_attn is missing
    refused(
        ErrorCategory.REQUEST,
        () -> training().optLora(lora(o -> o.optRank(1_000_000_000))).build(),
        "q_proj is 1000000000, the module is 16 × 16");
    refused(
        ErrorCategory.REQUEST,
        () -> training().optKeptCheckpoints(0).build(),
        "kept checkpoints is 0: it must be 1 or more");
    refused(
        ErrorCategory.REQUEST,
        () -> training().optAllParameters(true).optStartFrom(base).build(),
        "merge it first");
    refused(ErrorCategory.REQUEST, () -> options(o -> o.optLearningRate(0)), "learning rate is 0");
    refused(
        ErrorCategory.REQUEST,
        () -> options(o -> o.optWarmUpShare(1)),
        "warm-up share is 1.0: it must be from 0 to below 1");
    refused(ErrorCategory.REQUEST, () -> options(o -> o.optBetas(1, 0.9)), "beta1 is 1.0");
    refused(ErrorCategory.REQUEST, () -> options(o -> o.optMaxSteps(-1)), "max steps is -1");
    refused(ErrorCategory.REQUEST, () -> lora(o -> o.optRank(0)), "0");
    assertThat(output).doesNotExist();
  }

  @Test
  void whatDoesNotGoTogether() throws IOException {
    try (AiCoder coder = AiCoder.load(base)) {
      refused(
          ErrorCategory.REQUEST,
          () -> training().optAllParameters(true).optServeIn(coder, "live").build(),
          "optServeIn loads adapters",
          "all parameters are trained");
    }
    refused(
        ErrorCategory.REQUEST,
        () ->
            training()
                .optAllParameters(true)
                .optTraining(options(o -> o.optLoraPlusRatio(16)))
                .build(),
        "LoRA+ ratio is 16.0",
        "all parameters are trained");
    refused(
        ErrorCategory.REQUEST,
        () -> training().optAllParameters(true).optQuantization(new Quantization.Int8()).build(),
        "all parameters are trained",
        "int8");
    refused(
        ErrorCategory.REQUEST,
        () ->
            training()
                .optPatience(2)
                .optMeasure("SR@All", (trained, step) -> Map.of("SR@All", 1.0))
                .build(),
        "patience is 2",
        "set optEvaluateEvery, --evaluate-every");
    refused(
        ErrorCategory.REQUEST,
        () -> training().optPatience(2).optEvaluateEvery(1).build(),
        "patience is 2",
        "validation records or a measure");
    assertThat(output).doesNotExist();
  }

  @Test
  void aFolderOfSomethingElse() throws IOException {
    Path mine = Files.createDirectories(output.resolve("adapter")).resolve("mine");
    Files.writeString(mine, "mine");
    for (boolean resume : new boolean[] {false, true}) {
      refused(
          ErrorCategory.REQUEST,
          () -> training().optResume(resume).build(),
          output + ": holds adapter",
          "a folder of its own");
    }
    assertThat(mine).hasContent("mine");
    refused(
        ErrorCategory.REQUEST,
        () -> training(base, data, data).build(),
        data + ": is a file: choose a folder");
  }

  /** What is put there between the settling and the training stays, too. */
  @Test
  void aFolderThatIsFilledMeanwhile() throws IOException {
    LoraFineTuner tuner = training().build();
    Path mine = Files.createDirectories(output).resolve("mine");
    Files.writeString(mine, "mine");
    refused(ErrorCategory.REQUEST, tuner::run, output + ": holds mine");
    assertThat(mine).hasContent("mine");
  }

  @Test
  void anAdapterForAnotherBase() {
    training().build().run();
    refused(
        ErrorCategory.CHECKPOINT,
        () ->
            training(TinyModel.NANO, data, folder.resolve("other"))
                .optStartFrom(output.resolve("adapter"))
                .build(),
        output.resolve("adapter").toString());
  }

  /** It is refused before the base is loaded: nobody is told of loading. */
  @Test
  void whatDoesNotFitIntoMemory() {
    List<Long> loaded = new ArrayList<>();
    LoraFineTuner tuner =
        training()
            .optReading(reading -> reading.optPacking(true))
            .optTraining(options(o -> o.optBatchSize(4_000_000)))
            .optLoadProgress((bytes, total) -> loaded.add(bytes))
            .build();
    refused(
        ErrorCategory.ENVIRONMENT,
        tuner::run,
        "the training takes",
        "recompute",
        "smaller batch or sequence length");
    refused(ErrorCategory.ENVIRONMENT, tuner::plan, "the training takes");
    assertThat(loaded).isEmpty();
    assertThat(output).doesNotExist();
  }

  @Test
  void anOutputFolderThatCannotBeWritten() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "mine");
    refused(
        ErrorCategory.ENVIRONMENT,
        () -> training(base, data, file.resolve("out")).build().run(),
        file.resolve("out").toString(),
        "choose another folder");
    assertThat(file).hasContent("mine");
  }

  @Test
  void anotherTrainingIsNeitherOverwrittenNorGoneOnWith() throws IOException {
    training().optTraining(options(o -> o.optMaxSteps(4))).build().run();
    byte[] adapter = Files.readAllBytes(output.resolve("adapter/adapter_model.safetensors"));
    refused(
        ErrorCategory.REQUEST,
        () -> training().build(),
        output + ": holds a training",
        "resume it (optResume, --resume), or choose another folder");
    LoraFineTuner.Builder same =
        training().optResume(true).optTraining(options(o -> o.optMaxSteps(4)));
    refused(
        ErrorCategory.REQUEST,
        () ->
            training()
                .optResume(true)
                .optTraining(options(o -> o.optMaxSteps(2).optLearningRate(0.5)))
                .build()
                .run(),
        "checkpoint-4: was written by another training",
        "max_steps (4 then, 2 now)",
        "learning_rate (1.0E-4 then, 0.5 now)");
    refused(
        ErrorCategory.REQUEST,
        () -> same.optReading(reading -> reading.optSequenceLength(12)).build().run(),
        "the data or its options differ");
    same.optReading(reading -> reading);
    refused(
        ErrorCategory.REQUEST,
        () -> same.optLora(lora(o -> o.optRank(3))).build().run(),
        "rank (2 then, 3 now) differ");
    same.optLora(lora(o -> o));
    refused(
        ErrorCategory.REQUEST,
        () -> same.optComputeType(ComputeType.BF16).build().run(),
        "the base's numbers (FP32 then, BF16 now)");
    same.optComputeType(null);
    Path other = TinyModel.write(folder.resolve("other"), 2);
    refused(
        ErrorCategory.REQUEST, () -> same.setBase(other).build().run(), "the base model differ");
    assertThat(output.resolve("adapter/adapter_model.safetensors")).hasBinaryContent(adapter);
    assertThat(same.setBase(base).build().run().steps()).isEqualTo(4);
  }

  /** A token of one record makes the loss not a number: that record is named. */
  @Test
  void aLossThatIsNotANumber() throws IOException {
    List<String> lines = new ArrayList<>(Files.readAllLines(data));
    lines.add("{\"prompt\": \"a\", \"completion\": \" zebra b\"}");
    Files.write(data, lines);
    List<TrainingExample> examples =
        TrainingData.builder().setCheckpoint(base).addFile(data).build().training();
    Set<Integer> others = new HashSet<>();
    examples.subList(0, 12).forEach(example -> others.addAll(ids(example)));
    int token =
        ids(examples.get(12)).stream().filter(id -> !others.contains(id)).findFirst().orElseThrow();
    TinyModel.writeDamaged(folder.resolve("damaged"), token);
    LoraFineTuner tuner =
        training(folder.resolve("damaged"), data, output)
            .optTraining(options(o -> o.optBatchSize(1).optSeed(3)))
            .build();
    refused(
        ErrorCategory.EXECUTION, tuner::run, "NaN", data + ": line 13", "look at these records");
  }

  private static List<Integer> ids(TrainingExample example) {
    return IntStream.range(0, example.length()).mapToObj(example::id).toList();
  }

  /** The rate is absurd: what was learned before stays, and can be gone on from. */
  @Test
  void aTrainingThatDiverges() {
    LoraFineTuner.Builder diverging =
        training()
            .optAllParameters(true)
            .optTraining(
                options(o -> o.optLearningRate(1e38).optWarmUpShare(0.5).optWeightDecay(0)));
    refused(ErrorCategory.EXECUTION, diverging.build()::run, "lower the learning rate", ": line ");
    assertThat(output.resolve("checkpoints/checkpoint-1")).isDirectory();
    // Deterministic: it comes to the same place, and the checkpoint is still there.
    refused(
        ErrorCategory.EXECUTION, diverging.optResume(true).build()::run, "lower the learning rate");
    assertThat(output.resolve("checkpoints/checkpoint-1")).isDirectory();
  }

  /** The process of a training on a full disk: base, data, output. */
  public static void main(String[] arguments) throws IOException {
    Path output = Path.of(arguments[2]);
    try {
      training(Path.of(arguments[0]), Path.of(arguments[1]), output).optResume(true).build().run();
    } catch (AiCoderException e) {
      Files.writeString(output.resolve("error"), e.category() + " " + e.getMessage());
    }
  }

  /** A limit on the size of files fails a write as a full disk does: in the middle. */
  @Test
  void aFullDisk() throws Exception {
    assertThatThrownBy(
            () ->
                training()
                    .optPublished(
                        (directory, step) -> {
                          throw new IllegalStateException("stopped");
                        })
                    .build()
                    .run())
        .hasMessage("stopped");
    Path kept = output.resolve("checkpoints/checkpoint-1/adapter_model.safetensors");
    byte[] before = Files.readAllBytes(kept);
    List<String> command = new ArrayList<>();
    command.addAll(List.of("bash", "-c", "ulimit -f 8 && exec \"$@\"", "bash"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Dai.djl.offline=true", "-XX:-UsePerfData", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(BadTrainingTest.class.getName()));
    command.addAll(List.of(base.toString(), data.toString(), output.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(output.resolve("error"))
        .content()
        .contains("ENVIRONMENT", "the checkpoint cannot be written", "make room");
    assertThat(kept).hasBinaryContent(before);
    assertThat(training().optResume(true).build().run().steps()).isEqualTo(6);
  }
}
