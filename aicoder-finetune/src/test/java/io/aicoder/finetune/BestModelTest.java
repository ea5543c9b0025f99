package io.aicoder.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.finetune.log.EvaluationMetrics;
import io.aicoder.finetune.log.MetricsListener;
import io.aicoder.finetune.log.RunSummary.Ending;
import io.aicoder.finetune.peft.LoraOptions;
import io.aicoder.finetune.train.FineTuning;
import io.aicoder.finetune.train.RunPolicy;
import io.aicoder.finetune.train.TrainingOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The best of what was measured is what is written, and patience ends a training. */
class BestModelTest {

  private final Path folder;
  private final Map<Long, byte[]> seen = new LinkedHashMap<>();
  private Path base;
  private Path data;

  BestModelTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void writeModel() throws IOException {
    base = TinyModel.write(folder.resolve("base"));
    data = TinyModel.writeData(folder.resolve("data.jsonl"), 24);
  }

  /** Twelve steps. */
  private LoraFineTuner.Builder training() {
    return LoraFineTuner.builder()
        .setBase(base)
        .addData(data)
        .setOutput(folder.resolve("out"))
        .optLora(LoraOptions.builder().optRank(2).optBaseModel("tiny").build())
        .optTraining(
            TrainingOptions.builder()
                .optLearningRate(1e-2)
                .optBatchSize(2)
                .optAccumulation(1)
                .optEpochs(1)
                .build())
        .optThreads(1)
        .optKeptCheckpoints(1)
        .optCheckpointEvery(4)
        .optEvaluateEvery(1);
  }

  /** Measures what it is told to, in this order, and remembers the adapters. */
  private RunPolicy.Measure scores(double... scores) {
    return (trained, step) -> {
      try {
        seen.put(step, Files.readAllBytes(trained.resolve("adapter_model.safetensors")));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return Map.of("SR@All", scores[(int) Math.min(step, scores.length) - 1]);
    };
  }

  private void isTheAdapterOf(FineTuning.Outcome outcome, long step) {
    assertThat(outcome.trained().resolve("adapter_model.safetensors"))
        .hasBinaryContent(seen.get(step));
    assertThat(outcome.trained().resolve("README.md")).content().contains("| steps | `" + step);
    assertThat(folder.resolve("out/candidate")).doesNotExist();
  }

  @Test
  void theBestIsWritten() {
    FineTuning.Outcome outcome =
        training().optMeasure("SR@All", scores(1, 2, 5, 3, 4, 1)).build().run();
    assertThat(outcome.steps()).isEqualTo(12);
    assertThat(outcome.ending()).isEqualTo(Ending.COMPLETED);
    isTheAdapterOf(outcome, 3);
  }

  /** A checkpoint is due with the last step, and the measurement that makes it the best as well. */
  @Test
  void theLastMayBeTheBest() {
    FineTuning.Outcome outcome =
        training()
            .optEvaluateEvery(5)
            .optMeasure("SR@All", scores(0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 3))
            .build()
            .run();
    assertThat(seen.keySet()).containsExactly(5L, 10L, 12L);
    isTheAdapterOf(outcome, 12);
  }

  @Test
  void patienceEndsATraining() {
    LoraFineTuner.Builder training =
        training().optPatience(3).optMeasure("SR@All", scores(1, 2, 2, 1, 2, 9));
    FineTuning.Outcome outcome = training.build().run();
    assertThat(outcome.steps()).isEqualTo(5);
    assertThat(outcome.ending()).isEqualTo(Ending.STOPPED_EARLY);
    isTheAdapterOf(outcome, 2);

    assertThat(training.optResume(true).build().run()).isEqualTo(outcome); // it stays ended
    isTheAdapterOf(outcome, 2);
  }

  @Test
  void withoutAMeasureTheValidationLossDecides() {
    List<Double> losses = new ArrayList<>();
    FineTuning.Outcome outcome =
        training()
            .optReading(reading -> reading.optValidationFraction(0.25))
            .optListener(
                afterStep ->
                    new MetricsListener() {
                      @Override
                      public void evaluated(EvaluationMetrics metrics) {
                        losses.add(Objects.requireNonNull(metrics.validationLoss()));
                      }
                    })
            .build()
            .run();
    assertThat(losses).hasSize(9);
    assertThat(losses.get(8))
        .isLessThan(losses.get(0))
        .isEqualTo(outcome.figures().get("validation_loss"));
  }

  @Test
  void aMeasurementThatIsNotANumberIsToldWithItsName() {
    assertThatThrownBy(() -> training().optMeasure("SR@All", scores(1, Double.NaN)).build().run())
        .isInstanceOf(AiCoderException.class)
        .hasMessageContainingAll("SR@All is NaN behind step 2", "checkpoints are intact");
    assertThat(folder.resolve("out/checkpoints/checkpoint-1")).isDirectory();
  }

  /** A figure that is measured now and then only: other steps are neither better nor worse. */
  @Test
  void aStepWithoutTheFigureCountsForNothing() {
    List<Long> found = List.of(2L, 5L, 9L);
    RunPolicy.Measure seldom =
        (trained, step) ->
            found.contains(step)
                ? scores(0, 3, 0, 0, 5, 0, 0, 0, 4).measure(trained, step)
                : Map.of("seconds", 1.0);
    FineTuning.Outcome outcome =
        training().optPatience(2).optMeasure("SR@All", seldom).build().run();
    assertThat(outcome.ending()).isEqualTo(Ending.COMPLETED); // of three, one was worse
    assertThat(outcome.step()).isEqualTo(5);
    assertThat(outcome.figures()).containsEntry("SR@All", 5.0);
    isTheAdapterOf(outcome, 5);
  }

  @Test
  void theBestIsChosenByTheSameFigureToTheEnd() {
    RunPolicy.Measure both =
        (trained, step) -> Map.of("SR@All", (double) step, "SR@Any", (double) -step);
    training().optMeasure("SR@All", both).build().run();
    assertThatThrownBy(() -> training().optResume(true).optMeasure("SR@Any", both).build().run())
        .isInstanceOf(AiCoderException.class)
        .hasMessageContainingAll(
            "checkpoint-12", "chosen by SR@All then, by SR@Any now", "measure the same as then");
  }

  @Test
  void whatCannotBeMeasuredIsKept() {
    RunPolicy.Measure failing =
        (trained, step) -> {
          if (step == 3) {
            throw new IllegalStateException("the sandbox is gone");
          }
          return Map.of("SR@All", -1.0 * step);
        };
    assertThatThrownBy(() -> training().optMeasure("SR@All", failing).build().run())
        .hasMessage("the sandbox is gone");
    assertThat(folder.resolve("out/checkpoints/checkpoint-3")).isDirectory();
    assertThat(folder.resolve("out/candidate")).doesNotExist();
    FineTuning.Outcome outcome =
        training()
            .optResume(true)
            .optMeasure("SR@All", (trained, step) -> Map.of("SR@All", -1.0 * step))
            .build()
            .run();
    assertThat(outcome.steps()).isEqualTo(12);
    assertThat(outcome.step()).isEqualTo(1);
  }
}
