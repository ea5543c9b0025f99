package io.aicoder.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.AiCoder;
import io.aicoder.finetune.peft.LoraOptions;
import io.aicoder.finetune.train.FineTuning;
import io.aicoder.finetune.train.TrainingOptions;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.llama.ComputeType;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A running model gets each checkpoint of a training in the same process. */
class ServeWhileTrainingTest {

  private static AiCoder load(Path base) {
    return AiCoder.builder(base).optComputeType(ComputeType.FP32).optThreads(1).build();
  }

  private static List<Integer> generate(AiCoder coder, String adapter) {
    return coder
        .generate(
            GenerationRequest.tokens(List.of(84, 665, 268))
                .optMaxNewTokens(12)
                .optIgnoreEos(true)
                .optAdapter(adapter)
                .build())
        .ids();
  }

  @Test
  @Timeout(120)
  void requestsGoOnAndTheLastCheckpointServes(@TempDir Path folder) throws Exception {
    Path base = TinyModel.write(folder.resolve("base"));
    Path data = TinyModel.writeData(folder.resolve("data.jsonl"), 48);
    AtomicBoolean done = new AtomicBoolean();
    CountDownLatch published = new CountDownLatch(1);
    Set<List<Integer>> answers = ConcurrentHashMap.newKeySet();
    try (AiCoder serving = load(base);
        AiCoder other = load(base)) {
      LoraFineTuner tuner =
          LoraFineTuner.builder()
              .setBase(base)
              .addData(data)
              .setOutput(folder.resolve("out"))
              .optLora(LoraOptions.builder().optRank(4).optBaseModel("tiny").build())
              .optTraining(
                  TrainingOptions.builder()
                      .optLearningRate(5e-2)
                      .optBatchSize(4)
                      .optAccumulation(1)
                      .optEpochs(3)
                      .build())
              .optThreads(1)
              .optCheckpointEvery(2)
              .optServeIn(serving, "live")
              .optPublished((directory, step) -> published.countDown())
              .build();
      var executor = Executors.newSingleThreadExecutor();
      try {
        Future<Integer> requests =
            executor.submit(
                () -> {
                  published.await();
                  int served = 0;
                  while (!done.get()) {
                    answers.add(generate(serving, "live"));
                    served++;
                  }
                  return served;
                });
        FineTuning.Outcome outcome;
        try {
          outcome = tuner.run();
        } finally {
          done.set(true);
        }
        assertThat(requests.get()).isPositive(); // and none failed
        assertThat(answers).hasSizeGreaterThan(1); // else no adapter was replaced
        other.loadAdapter("final", outcome.trained());
        assertThat(generate(serving, "live")).isEqualTo(generate(other, "final"));
        assertThat(generate(serving, "live")).isNotEqualTo(generate(other, AiCoder.BASE));
      } finally {
        published.countDown();
        executor.shutdownNow();
      }
    }
  }
}
