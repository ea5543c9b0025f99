package io.aicoder.finetune.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.finetune.TinyModel;
import io.aicoder.finetune.peft.AdapterFiles;
import io.aicoder.finetune.peft.LoraOptions;
import io.aicoder.llama.TrainedParameter;
import io.aicoder.llama.TrainedParameter.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is trained begins as with PEFT: {@code record_training.py} recorded its distribution. */
class TrainablesTest {

  private static final Function<String, float[]> NO_MATRIX =
      module -> {
        throw new AssertionError(module + " was asked for");
      };

  @Test
  void factorsBeginAsPefts(@TempDir Path folder) throws IOException {
    Checkpoint base = Checkpoint.open(TinyModel.write(folder.resolve("base")));
    SplittableRandom random = new SplittableRandom(1);
    for (JsonNode one : RecordedTraining.shared("initialization.json").get("cases")) {
      long in = one.get("in_features").asLong();
      long rank = one.get("rank").asLong();
      double bound = one.get("bound").asDouble();
      double deviation = one.get("standard_deviation").asDouble();
      float[] first = Trainables.initial(trainable(Kind.LORA_A, rank, in), base, NO_MATRIX, random);
      double[] numbers = IntStream.range(0, first.length).mapToDouble(i -> first[i]).toArray();
      double error = 5 * deviation / Math.sqrt(numbers.length);
      assertThat(numbers).hasSize((int) (in * rank));
      assertThat(mean(numbers)).isCloseTo(0, within(error));
      assertThat(
              Math.sqrt(
                  mean(
                      IntStream.range(0, numbers.length)
                          .mapToDouble(i -> numbers[i] * numbers[i])
                          .toArray())))
          .isCloseTo(deviation, within(error));
      double largest =
          IntStream.range(0, numbers.length)
              .mapToDouble(i -> Math.abs(numbers[i]))
              .max()
              .orElseThrow();
      assertThat(largest).isBetween(0.95 * bound, bound * (1 + 1e-6));
      assertThat(Trainables.initial(trainable(Kind.LORA_B, in, rank), base, NO_MATRIX, random))
          .containsOnly(0);
    }
  }

  private static double mean(double[] numbers) {
    return java.util.Arrays.stream(numbers).average().orElseThrow();
  }

  private static Trainable trainable(Kind kind, Long... shape) {
    return new Trainable("name", new TrainedParameter("module", kind, 1), List.of(shape));
  }

  @Test
  void magnitudesAreTheLengthsOfRows(@TempDir Path folder) throws IOException {
    Checkpoint base = Checkpoint.open(TinyModel.write(folder.resolve("base")));
    LoraOptions dora = LoraOptions.builder().optRank(2).optUseDora(true).build();
    List<Trainable> magnitudes =
        Trainables.of(new AdapterFiles(dora, base.config())).stream()
            .filter(each -> each.kind() == Kind.MAGNITUDE)
            .toList();
    assertThat(magnitudes).hasSize(14);
    for (Trainable magnitude : magnitudes) {
      float[] lengths = {1, 2, 3};
      String module = magnitude.parameter().module();
      Function<String, float[]> held =
          asked -> asked.equals(module) ? lengths : NO_MATRIX.apply(asked);
      assertThat(Trainables.initial(magnitude, base, held, new SplittableRandom(1)))
          .containsExactly(lengths);
    }
  }
}
