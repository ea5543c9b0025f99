package io.aicoder.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationResult;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.Placement;
import io.aicoder.llama.Sampling;
import io.aicoder.llama.TorchRuntime;
import io.aicoder.llama.WeightLoader;
import io.aicoder.text.Tokenizer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** A filter's word is law: its masks, its refusals and its end, in each sample by itself. */
@TestInstance(Lifecycle.PER_CLASS)
class TokenFilterTest {

  private static final int VOCABULARY = 4096;
  private static final int EOS = 4095;

  private Tokenizer tokenizer;
  private Scheduler scheduler;

  @BeforeAll
  void load() {
    TorchRuntime.start(0);
    tokenizer = Tokenizer.open(ModelDirectory.NANO);
    Checkpoint checkpoint = Checkpoint.open(ModelDirectory.NANO);
    scheduler =
        new Scheduler(
            () ->
                WeightLoader.load(
                    checkpoint, ComputeType.FP32, Placement.on("cpu"), (bytes, total) -> {}),
            tokenizer);
  }

  @AfterAll
  void close() {
    scheduler.close();
    tokenizer.close();
  }

  /**
   * Takes tokens of one parity, then of the other, and so on; of these none that {@code divisor}
   * divides, which only {@link #allows} knows.
   *
   * @param length of the text so far
   * @param most the length at which it is finished
   */
  private record Parity(int length, int divisor, int most) implements TokenFilter {

    @Override
    public long[] mask() {
      long[] mask = new long[VOCABULARY / Long.SIZE];
      java.util.Arrays.fill(mask, length % 2 == 0 ? 0x5555555555555555L : 0xAAAAAAAAAAAAAAAAL);
      mask[EOS / Long.SIZE] &= ~(1L << EOS);
      return mask;
    }

    @Override
    public boolean allows(int token) {
      return token % divisor != 0;
    }

    @Override
    public TokenFilter accept(int token) {
      assertThat(token % 2).isEqualTo(length % 2);
      assertThat(allows(token)).isTrue();
      return new Parity(length + 1, divisor, most);
    }

    @Override
    public boolean finished() {
      return length >= most;
    }
  }

  private List<GenerationResult> run(
      double temperature, int samples, @Nullable TokenFilter filter, List<Integer> eos) {
    Sampling sampling = new Sampling(temperature, 0, 1, 0, 1, 1, 0, 0, 0, Map.of(), 0, List.of());
    List<Integer> prompt = tokenizer.encode("import torch\n", false);
    return scheduler
        .start(
            new Order(
                prompt, 30, sampling, 5, samples, null, List.of(), eos, List.of(), -1, null, false,
                filter))
        .get();
  }

  @Test
  void onlyTokensOfTheMaskAreChosen() {
    for (double temperature : new double[] {0, 1.5}) {
      List<Integer> ids = run(temperature, 1, new Parity(0, 1 << 20, 99), List.of()).get(0).ids();
      assertThat(ids).hasSize(30);
      for (int i = 0; i < ids.size(); i++) {
        assertThat(ids.get(i) % 2).isEqualTo(i % 2);
      }
    }
  }

  @Test
  void whatIsRefusedIsChosenAgainInEachSample() {
    List<GenerationResult> together = run(2.0, 4, new Parity(0, 3, 99), List.of());
    for (GenerationResult result : together) {
      assertThat(result.ids()).hasSize(30).allMatch(id -> id % 3 != 0);
    }
    assertThat(run(2.0, 1, new Parity(0, 3, 99), List.of()).get(0).ids())
        .isEqualTo(together.get(0).ids());
  }

  @Test
  void theLikeliestThatIsAllowedIsTaken() {
    List<Integer> free = run(0, 1, null, List.of()).get(0).ids();
    int first = free.get(0);
    TokenFilter notTheFirst =
        new TokenFilter() {
          @Override
          public long[] mask() {
            long[] mask = new long[VOCABULARY / Long.SIZE];
            java.util.Arrays.fill(mask, -1);
            return mask;
          }

          @Override
          public boolean allows(int token) {
            return token != first;
          }

          @Override
          public TokenFilter accept(int token) {
            return this;
          }

          @Override
          public boolean finished() {
            return false;
          }
        };
    assertThat(run(0, 1, notTheFirst, List.of()).get(0).ids()).hasSize(30).doesNotContain(first);
  }

  @Test
  void aFinishedTextEnds() {
    GenerationResult result = run(1.0, 1, new Parity(0, 7, 6), List.of(EOS)).get(0);
    assertThat(result.ids()).hasSize(6);
    assertThat(result.finishReason()).isEqualTo(new FinishReason.Complete());
    assertThat(result.finishReason().wireName()).isEqualTo("stop");
  }

  /** An end token of the mask ends the text and is not shown to the filter. */
  @Test
  void anEndTokenEnds() {
    TokenFilter onlyTheEnd =
        new TokenFilter() {
          @Override
          public long[] mask() {
            long[] mask = new long[VOCABULARY / Long.SIZE];
            mask[EOS / Long.SIZE] = 1L << EOS;
            return mask;
          }

          @Override
          public boolean allows(int token) {
            throw new IllegalStateException("asked for " + token);
          }

          @Override
          public TokenFilter accept(int token) {
            throw new IllegalStateException("shown " + token);
          }

          @Override
          public boolean finished() {
            return false;
          }
        };
    GenerationResult result = run(1.0, 1, onlyTheEnd, List.of(EOS)).get(0);
    assertThat(result.ids()).containsExactly(EOS);
    assertThat(result.finishReason()).isEqualTo(new FinishReason.EndOfSequence(EOS));
  }
}
