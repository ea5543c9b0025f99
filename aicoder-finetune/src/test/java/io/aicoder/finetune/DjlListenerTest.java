package io.aicoder.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.training.Trainer;
import ai.djl.training.listener.TrainingListenerAdapter;
import io.aicoder.finetune.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A listener of DJL's {@code Trainer} hears what it would of any training. */
class DjlListenerTest {

  private final List<String> heard = new ArrayList<>();

  private final class Ears extends TrainingListenerAdapter {
    @Override
    public void onTrainingBegin(Trainer trainer) {
      heard.add("begin");
    }

    @Override
    public void onTrainingBatch(Trainer trainer, BatchData batchData) {
      heard.add("step");
    }

    @Override
    public void onValidationBatch(Trainer trainer, BatchData batchData) {
      heard.add("validation");
    }

    @Override
    public void onEpoch(Trainer trainer) {
      heard.add("epoch");
    }

    @Override
    public void onTrainingEnd(Trainer trainer) {
      heard.add("end");
    }
  }

  @Test
  void hearsStepsEpochsAndMeasurements(@TempDir Path folder) throws IOException {
    LoraFineTuner.builder()
        .setBase(TinyModel.write(folder.resolve("base")))
        .addData(TinyModel.writeData(folder.resolve("data.jsonl"), 8))
        .setOutput(folder.resolve("out"))
        .optReading(data -> data.optValidationFraction(0.25))
        .optTraining(
            TrainingOptions.builder().optBatchSize(3).optAccumulation(1).optEpochs(2).build())
        .optThreads(1)
        .optTrainingListener(new Ears())
        .build()
        .run();
    assertThat(heard)
        .containsExactly(
            "begin", "step", "step", "epoch", "step", "step", "epoch", "validation", "end");
  }
}
