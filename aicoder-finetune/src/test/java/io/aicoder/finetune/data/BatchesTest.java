package io.aicoder.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Whatever the examples: every epoch holds each once, whole, and apart from the others. */
class BatchesTest {

  private static final int PADDING = 7;
  private static final int LONGEST = 40;

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void everyExampleIsInEveryEpochOnceAndWhole(
      @ForAll @Size(min = 1, max = 120) List<@IntRange(min = 2, max = LONGEST) Integer> lengths,
      @ForAll @IntRange(min = LONGEST, max = 3 * LONGEST) int sequenceLength,
      @ForAll @IntRange(min = 1, max = 9) int batchSize,
      @ForAll @IntRange(min = 0, max = 3) int epoch,
      @ForAll Kind kind,
      @ForAll long seed) {
    Layout layout = kind.layout(sequenceLength, seed);
    Batches batches = new Batches(ExamplesOf.lengths(lengths), layout, batchSize);
    List<Batch> all = all(batches, new Position(epoch, 0));
    assertThat(all).hasSize(batches.size(epoch));
    Set<Integer> seen = new HashSet<>();
    List<RecordSource> sources = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      Batch batch = all.get(i);
      assertThat(batch.position()).isEqualTo(new Position(epoch, i));
      assertThat(batch.rows()).isBetween(1, batchSize);
      assertThat(i < all.size() - 1 ? batch.rows() : batchSize).isEqualTo(batchSize);
      assertThat(batch.length()).isLessThanOrEqualTo(sequenceLength);
      check(batch, lengths, seen);
      sources.addAll(batch.sources());
    }
    assertThat(seen).hasSize(lengths.size());
    assertThat(sources).doesNotHaveDuplicates().hasSize(lengths.size());
    assertThat(all.stream().mapToInt(batch -> batch.rows() * batch.length()).sum())
        .isEqualTo((int) batches.cells(epoch));
  }

  private static void check(Batch batch, List<Integer> lengths, Set<Integer> seen) {
    int lossTokens = 0;
    int tokens = 0;
    for (int b = 0; b < batch.rows(); b++) {
      int[] segments = batch.segments()[b];
      assertThat(segments[0]).isZero();
      for (int s = 0; s + 1 < segments.length; s++) {
        int start = segments[s];
        int number = batch.ids()[b][start] / ExamplesOf.STRIDE;
        assertThat(seen.add(number)).as("example %d once", number).isTrue();
        assertThat(segments[s + 1] - start).isEqualTo(lengths.get(number));
        assertThat(batch.labels()[b][start]).isEqualTo(-100);
        for (int i = 0; i < lengths.get(number); i++) {
          assertThat(batch.ids()[b][start + i]).isEqualTo(number * ExamplesOf.STRIDE + i);
          assertThat(batch.positionIds()[b][start + i]).isEqualTo(i);
          if (i > 0) {
            assertThat(batch.labels()[b][start + i]).isEqualTo(batch.ids()[b][start + i]);
            lossTokens++;
          }
        }
        tokens += lengths.get(number);
      }
      int end = segments[segments.length - 1];
      for (int i = end; i < batch.length(); i++) {
        assertThat(batch.ids()[b][i]).isEqualTo(PADDING);
        assertThat(batch.labels()[b][i]).isEqualTo(-100);
        assertThat(batch.positionIds()[b][i]).isEqualTo(i - end);
      }
    }
    assertThat(batch.lossTokens()).isEqualTo(lossTokens);
    assertThat(batch.tokens()).isEqualTo(tokens);
  }

  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void aRunGoesOnWithTheBatchesThatItHadNotTaken(
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 2, max = LONGEST) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 5) int batchSize,
      @ForAll @IntRange(min = 0, max = 2) int epoch,
      @ForAll @IntRange(min = 0, max = 60) int taken,
      @ForAll Kind kind,
      @ForAll long seed) {
    Layout layout = kind.layout(2 * LONGEST, seed);
    List<Batch> undisturbed =
        all(new Batches(ExamplesOf.lengths(lengths), layout, batchSize), new Position(epoch, 0));
    int from = Math.min(taken, undisturbed.size());
    Batches again = new Batches(ExamplesOf.lengths(lengths), layout, batchSize);
    assertThat(all(again, new Position(epoch, from)))
        .usingRecursiveComparison()
        .isEqualTo(undisturbed.subList(from, undisturbed.size()));
  }

  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void packingTakesFewRowsMoreThanItMust(
      @ForAll @Size(min = 1, max = 300) List<@IntRange(min = 2, max = LONGEST) Integer> lengths,
      @ForAll long seed) {
    int rows =
        new Batches(ExamplesOf.lengths(lengths), Kind.PACKED.layout(LONGEST, seed), 1).size(0);
    int tokens = lengths.stream().mapToInt(Integer::intValue).sum();
    int large = (int) lengths.stream().filter(length -> 2 * length > LONGEST).count();
    int needed = Math.max(large, (tokens + LONGEST - 1) / LONGEST);
    // Best fit fills all rows but one to more than half. See Johnson et al., 1974.
    assertThat(rows).isBetween(needed, Math.max(needed, 2 * tokens / LONGEST + 1));
  }

  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void everyOrderHoldsEachNumberOnce(
      @ForAll @IntRange(min = 0, max = 500) int size, @ForAll long seed, @ForAll long purpose) {
    int[] order = Shuffle.permutation(size, seed, purpose);
    assertThat(Arrays.stream(order).sorted().toArray()).isEqualTo(Shuffle.identity(size));
  }

  /** {@code record_data.py} has the same generator, written in Python. */
  @Example
  void ordersAreThoseOfTheReference() {
    JsonNode shuffles = Nano.recording().path("shuffles");
    assertThat(shuffles).hasSize(5);
    for (JsonNode shuffle : shuffles) {
      int[] expected =
          IntStream.range(0, shuffle.path("order").size())
              .map(i -> shuffle.path("order").get(i).intValue())
              .toArray();
      assertThat(
              Shuffle.permutation(
                  shuffle.path("size").intValue(),
                  shuffle.path("seed").longValue(),
                  shuffle.path("purpose").longValue()))
          .isEqualTo(expected);
    }
  }

  @Example
  void epochsAndSeedsDifferInOrder() {
    List<Integer> lengths = IntStream.range(0, 50).mapToObj(i -> 5).toList();
    for (Kind kind : Kind.values()) {
      Set<List<RecordSource>> orders = new HashSet<>();
      for (long seed : new long[] {0, 1}) {
        Batches batches = new Batches(ExamplesOf.lengths(lengths), kind.layout(20, seed), 2);
        for (int epoch = 0; epoch < 3; epoch++) {
          orders.add(
              all(batches, new Position(epoch, 0)).stream()
                  .flatMap(batch -> batch.sources().stream())
                  .toList());
        }
      }
      assertThat(orders).as(kind.name()).hasSize(kind == Kind.UNSHUFFLED ? 1 : 6);
    }
  }

  @Example
  void groupedBatchesHoldSimilarLengths() {
    List<Integer> lengths = IntStream.range(2, 202).boxed().toList();
    List<TrainingExample> examples = ExamplesOf.lengths(lengths);
    long cells = new Batches(examples, Kind.GROUPED.layout(201, 0), 8).cells(0);
    long tokens = lengths.stream().mapToInt(Integer::intValue).sum();
    assertThat((double) tokens / cells).isGreaterThan(0.96);
    assertThat((double) tokens / new Batches(examples, Kind.PLAIN.layout(201, 0), 8).cells(0))
        .isLessThan(0.7);
  }

  @Example
  void stepsCountWhatIsLeftOfEveryEpoch() {
    List<Integer> lengths = IntStream.range(0, 21).mapToObj(i -> 5).toList();
    Batches batches = new Batches(ExamplesOf.lengths(lengths), Kind.PLAIN.layout(20, 0), 4);
    assertThat(batches.size(0)).isEqualTo(6);
    assertThat(batches.steps(3, 1)).isEqualTo(18);
    assertThat(batches.steps(3, 4)).isEqualTo(6);
    assertThat(batches.steps(0, 4)).isZero();
  }

  @Example
  void positionsBeyondTheEpochAreRefused() {
    Batches batches = new Batches(ExamplesOf.lengths(List.of(5, 5)), Kind.PLAIN.layout(20, 0), 1);
    assertThat(batches.from(new Position(0, 2)).hasNext()).isFalse();
    assertThatThrownBy(() -> batches.from(new Position(0, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("epoch 0 has 2 batches: it cannot go on at batch 3");
    assertThatThrownBy(() -> new Position(0, -1)).isInstanceOf(IllegalArgumentException.class);
  }

  private static List<Batch> all(Batches batches, Position from) {
    List<Batch> all = new ArrayList<>();
    for (Iterator<Batch> rest = batches.from(from); rest.hasNext(); ) {
      all.add(rest.next());
    }
    return all;
  }

  enum Kind {
    PLAIN,
    GROUPED,
    PACKED,
    UNSHUFFLED;

    Layout layout(int sequenceLength, long seed) {
      Layout shuffled =
          new Layout(sequenceLength, this == PACKED, this == GROUPED, true, seed, PADDING);
      return this == UNSHUFFLED ? shuffled.unshuffled() : shuffled;
    }
  }
}
