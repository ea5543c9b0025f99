package io.aicoder.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.finetune.log.CsvLog;
import io.aicoder.finetune.log.JsonLinesLog;
import io.aicoder.finetune.log.MetricsListener;
import io.aicoder.finetune.log.RunSummary.Ending;
import io.aicoder.finetune.log.StepMetrics;
import io.aicoder.finetune.peft.LoraOptions;
import io.aicoder.finetune.train.FineTuning;
import io.aicoder.finetune.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A training that is stopped anywhere and resumed ends with the bytes of an undisturbed one. */
class ResumeTest {

  private static final int KILLS = 4;

  private final Path folder;
  private Path base;
  private Path data;

  ResumeTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void writeModel() throws IOException {
    base = TinyModel.write(folder.resolve("base"));
    data = TinyModel.writeData(folder.resolve("data.jsonl"), 64);
  }

  /** The process that is killed: base, data, output. */
  public static void main(String[] arguments) {
    Path output = Path.of(arguments[2]);
    training(Path.of(arguments[0]), Path.of(arguments[1]), output, 1, Kind.PACKED)
        .optListener(afterStep -> logs(output, afterStep))
        .build()
        .run();
  }

  private enum Kind {
    PLAIN,
    PACKED,
    DORA,
    ALL_PARAMETERS
  }

  private static LoraFineTuner.Builder training(
      Path base, Path data, Path output, long seed, Kind kind) {
    LoraOptions lora =
        LoraOptions.builder()
            .optRank(2)
            .optDropout(0.1)
            .optUseDora(kind == Kind.DORA)
            .optBaseModel("tiny")
            .build();
    boolean packed = kind == Kind.PACKED;
    return LoraFineTuner.builder()
        .setBase(base)
        .addData(data)
        .setOutput(output)
        .optLora(lora)
        .optAllParameters(kind == Kind.ALL_PARAMETERS)
        .optReading(reading -> reading.optPacking(packed).optSequenceLength(64))
        .optTraining(
            TrainingOptions.builder()
                .optLearningRate(1e-2)
                .optBatchSize(packed ? 1 : 3)
                .optAccumulation(packed ? 2 : 3)
                .optEpochs(packed ? 6 : 3)
                .optSeed(seed)
                .build())
        .optThreads(1)
        .optCheckpointEvery(3)
        .optResume(true);
  }

  private static MetricsListener logs(Path output, long afterStep) {
    return MetricsListener.all(
        List.of(
            CsvLog.open(output.resolve("steps.csv"), output.resolve("measured.csv"), afterStep),
            JsonLinesLog.open(output.resolve("metrics.jsonl"), afterStep)));
  }

  @Test
  void aTrainingKilledAgainAndAgainEndsAsAnUndisturbedOne() throws Exception {
    Path calm = folder.resolve("calm");
    FineTuning.Outcome undisturbed = training(base, data, calm, 1, Kind.PACKED).build().run();

    Path output = folder.resolve("killed");
    Random random = new Random(5);
    int interrupted = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Process process = start(output);
      long before = lines(output);
      while (process.isAlive() && lines(output) <= before) {
        Thread.sleep(1);
      }
      Thread.sleep(random.nextInt(30));
      interrupted += process.isAlive() ? 1 : 0;
      process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
    assertThat(interrupted).isGreaterThan(1); // else nothing was tested
    Process last = start(output);
    assertThat(last.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(last.exitValue()).as(Files.readString(folder.resolve("log"))).isZero();

    assertSameBytes(calm, output);
    assertEachStepOnce(output, undisturbed.steps());
  }

  /** The undisturbed training's listeners are stopped in the middle of a step by an exception. */
  @ParameterizedTest
  @CsvSource({"PLAIN, 5", "PLAIN, 20", "DORA, 10", "ALL_PARAMETERS, 7"})
  void aTrainingThatBreaksOffEndsAsAnUndisturbedOne(Kind kind, int step) throws Exception {
    Path calm = folder.resolve("calm");
    FineTuning.Outcome undisturbed = training(base, data, calm, 1, kind).build().run();

    Path output = folder.resolve("broken");
    assertThatThrownBy(
            () ->
                training(base, data, output, 1, kind)
                    .optListener(after -> stoppingAt(step, logs(output, after)))
                    .build()
                    .run())
        .hasMessage("stopped");
    training(base, data, output, 1, kind).optListener(after -> logs(output, after)).build().run();

    assertSameBytes(calm, output);
    assertEachStepOnce(output, undisturbed.steps());
  }

  private static MetricsListener stoppingAt(int step, MetricsListener logs) {
    MetricsListener stops =
        new MetricsListener() {
          @Override
          public void step(StepMetrics metrics) {
            if (metrics.step() == step) {
              throw new IllegalStateException("stopped");
            }
          }
        };
    return MetricsListener.all(List.of(logs, stops));
  }

  /** Whoever asks need not be the thread that trains. */
  @Test
  void aTrainingThatIsAskedToStopGoesOnAnotherTime() throws Exception {
    Path calm = folder.resolve("calm");
    FineTuning.Outcome undisturbed = training(base, data, calm, 1, Kind.PACKED).build().run();

    Path output = folder.resolve("stopped");
    List<LoraFineTuner> running = new ArrayList<>();
    LoraFineTuner tuner =
        training(base, data, output, 1, Kind.PACKED)
            .optListener(
                after ->
                    MetricsListener.all(
                        List.of(logs(output, after), askingAt(4, () -> stop(running)))))
            .build();
    running.add(tuner);
    FineTuning.Outcome stopped = tuner.run();

    assertThat(stopped.ending()).isEqualTo(Ending.STOPPED);
    assertThat(stopped.steps()).isEqualTo(4).isEqualTo(stopped.step());
    assertThat(stopped.trained())
        .isEqualTo(output.resolve("checkpoints/checkpoint-4"))
        .isDirectory();
    assertThat(output.resolve("adapter")).doesNotExist();

    FineTuning.Outcome outcome =
        training(base, data, output, 1, Kind.PACKED)
            .optListener(after -> logs(output, after))
            .build()
            .run();
    assertThat(outcome.ending()).isEqualTo(Ending.COMPLETED);
    assertSameBytes(calm, output);
    assertEachStepOnce(output, undisturbed.steps());
  }

  private static void stop(List<LoraFineTuner> running) {
    Thread thread = new Thread(() -> running.get(0).stop());
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static MetricsListener askingAt(int step, Runnable asking) {
    return new MetricsListener() {
      @Override
      public void step(StepMetrics metrics) {
        if (metrics.step() == step) {
          asking.run();
        }
      }
    };
  }

  @Test
  void twoTrainingsAtOnceDoNotTouchEachOther() throws Exception {
    for (Kind kind : List.of(Kind.PLAIN, Kind.DORA)) {
      training(base, data, folder.resolve("alone-" + kind), 1, kind).build().run();
    }
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<FineTuning.Outcome>> both = new ArrayList<>();
      for (Kind kind : List.of(Kind.PLAIN, Kind.DORA)) {
        both.add(
            threads.submit(
                () ->
                    training(base, data, folder.resolve("beside-" + kind), 1, kind).build().run()));
      }
      for (Future<FineTuning.Outcome> one : both) {
        assertThat(one.get(60, TimeUnit.SECONDS).ending()).isEqualTo(Ending.COMPLETED);
      }
    } finally {
      threads.shutdownNow();
    }
    for (Kind kind : List.of(Kind.PLAIN, Kind.DORA)) {
      assertSameBytes(folder.resolve("alone-" + kind), folder.resolve("beside-" + kind));
    }
  }

  /** What the base is called does not matter: its contents do. */
  @Test
  void theBaseMayBeNamedInAnotherWay() throws Exception {
    Path output = folder.resolve("out");
    FineTuning.Outcome first = training(base, data, output, 1, Kind.PLAIN).build().run();
    Path detour = folder.resolve("out/../base");
    assertThat(training(detour, data, output, 1, Kind.PLAIN).build().run()).isEqualTo(first);
  }

  /** What was complete stays: no step is taken, and the same is written again. */
  @Test
  void aCompleteTrainingIsResumedWithoutChange() throws Exception {
    Path output = folder.resolve("out");
    LoraFineTuner.Builder training =
        training(base, data, output, 1, Kind.PLAIN)
            .optReading(reading -> reading.optValidationFraction(0.2))
            .optListener(after -> logs(output, after));
    FineTuning.Outcome first = training.build().run();
    byte[] adapter = Files.readAllBytes(trained(output));
    List<String> measured = Files.readAllLines(output.resolve("measured.csv"));

    FineTuning.Outcome second = training.build().run();

    assertThat(second).isEqualTo(first);
    assertThat(trained(output)).hasBinaryContent(adapter);
    assertEachStepOnce(output, first.steps());
    assertThat(Files.readAllLines(output.resolve("measured.csv"))).isEqualTo(measured);
  }

  @Test
  void theSeedDecides() throws Exception {
    for (int run = 0; run < 3; run++) {
      long seed = run < 2 ? 1 : 2;
      training(base, data, folder.resolve("run" + run), seed, Kind.PLAIN).build().run();
    }
    assertSameBytes(folder.resolve("run0"), folder.resolve("run1"));
    assertThat(Files.mismatch(trained(folder.resolve("run0")), trained(folder.resolve("run2"))))
        .isNotNegative();
  }

  private static Path trained(Path output) {
    Path adapter = output.resolve("adapter/adapter_model.safetensors");
    return Files.exists(adapter) ? adapter : output.resolve("model/model.safetensors");
  }

  private static void assertSameBytes(Path one, Path other) throws IOException {
    assertThat(trained(other)).hasSameBinaryContentAs(trained(one));
  }

  private static void assertEachStepOnce(Path output, int steps) throws IOException {
    List<String> csv = Files.readAllLines(output.resolve("steps.csv"));
    assertThat(csv.stream().skip(1).map(line -> line.split(",", 2)[0]))
        .containsExactlyElementsOf(
            IntStream.rangeClosed(1, steps).mapToObj(String::valueOf).toList());
    assertThat(JsonLinesLog.read(output.resolve("metrics.jsonl")).steps())
        .extracting(StepMetrics::step)
        .containsExactlyElementsOf(
            IntStream.rangeClosed(1, steps).mapToObj(i -> (long) i).toList());
  }

  private static long lines(Path output) throws IOException {
    Path file = output.resolve("steps.csv");
    return Files.exists(file) ? Files.readAllLines(file).size() : 1;
  }

  private Process start(Path output) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-Dai.djl.offline=true", "-XX:TieredStopAtLevel=1", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(
        List.of(ResumeTest.class.getName(), base.toString(), data.toString(), output.toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile())
        .start();
  }
}
