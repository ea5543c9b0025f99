package io.aicoder.engine;

import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.SamplingOptions;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Generates the samples of one order: the prompt is taken once, then all go on together, one token
 * a step at the same position; a sample that ends leaves the others.
 */
final class SampledDecoding {

  private final LlamaProgram program;
  private final Order order;
  private final Stopwatch stopwatch;
  private final BooleanSupplier cancelled;
  private final List<Sample> samples = new ArrayList<>();
  private @Nullable List<Float> promptLogits;

  /** The samples that go on, their newest tokens and their next random numbers. */
  private List<Sample> running;

  private long[] tokens;
  private double[] draws;

  SampledDecoding(
      LlamaProgram program,
      Order order,
      Tokenizer tokenizer,
      Stopwatch stopwatch,
      BooleanSupplier cancelled,
      Consumer<String> sink) {
    this.program = program;
    this.order = order;
    this.stopwatch = stopwatch;
    this.cancelled = cancelled;
    for (int i = 0; i < order.samples(); i++) {
      long seed = SamplingOptions.seedOf(order.seed(), i);
      samples.add(new Sample(order, seed, tokenizer, order.samples() == 1 ? sink : piece -> {}));
    }
    this.running = samples;
    this.tokens = new long[samples.size()];
    this.draws = new double[samples.size()];
  }

  /** Returns the results, in the order of the samples. */
  List<GenerationResult> run() {
    if (cancelled.getAsBoolean() || !Prefill.run(program, order, cancelled)) {
      running.forEach(sample -> sample.finish(new FinishReason.Cancelled(), stopwatch, null));
      return results();
    }
    promptLogits = order.promptLogits() ? Prefill.logits(program) : null;
    int position = order.promptIds().size();
    if (running.size() > 1) {
      program.arrange(new long[running.size()], position);
    }
    prepare();
    take(program.choose(draws), position);
    stopwatch.prefilled();
    while (!running.isEmpty()) {
      prepare();
      take(program.decode(tokens, position, order.adapter(), draws), position + 1);
      position++;
    }
    return results();
  }

  private List<GenerationResult> results() {
    return samples.stream().map(sample -> Objects.requireNonNull(sample.result())).toList();
  }

  /** Draws the random numbers of the next step, and sets its masks. */
  private void prepare() {
    for (int i = 0; i < draws.length; i++) {
      draws[i] = running.get(i).draw();
    }
    if (order.filter() != null) {
      program.useMasks(running.stream().map(sample -> filter(sample).mask()).toList());
    }
  }

  private static TokenFilter filter(Sample sample) {
    return Objects.requireNonNull(sample.filter());
  }

  /**
   * Takes the chosen tokens in and drops the samples that end with them.
   *
   * @param length the positions in the cache
   */
  private void take(long[] chosen, int length) {
    if (order.filter() != null) {
      for (int i = 0; i < chosen.length; i++) {
        chosen[i] = allowed(i, (int) chosen[i]);
      }
    }
    if (order.logProbabilities() != null) {
      keepProbabilities(chosen, order.logProbabilities());
    }
    tokens = chosen;
    int ended = 0;
    for (int i = 0; i < chosen.length; i++) {
      Sample sample = running.get(i);
      FinishReason reason = sample.accept((int) chosen[i]);
      if (reason == null && cancelled.getAsBoolean()) {
        reason = new FinishReason.Cancelled();
      }
      if (reason != null) {
        sample.finish(reason, stopwatch, promptLogits);
        ended++;
      }
    }
    if (ended > 0) {
      drop(length);
    }
  }

  /** Chooses again until the sample's filter allows the token. */
  private int allowed(int row, int first) {
    TokenFilter filter = filter(running.get(row));
    int token = first;
    if (order.eosTokenIds().contains(token) || filter.allows(token)) {
      return token;
    }
    List<long[]> masks = new ArrayList<>();
    running.forEach(sample -> masks.add(filter(sample).mask()));
    List<Integer> refused = new ArrayList<>();
    while (!order.eosTokenIds().contains(token) && !filter.allows(token)) {
      refused.add(token);
      long[] mask = filter.mask().clone();
      refused.forEach(id -> mask[id / Long.SIZE] &= ~(1L << id));
      masks.set(row, mask);
      program.useMasks(masks);
      token = (int) program.chooseAgain(row, running.get(row).draw());
    }
    return token;
  }

  private void keepProbabilities(long[] chosen, int count) {
    double[] values = program.logProbabilities(chosen, count);
    for (int i = 0; i < chosen.length; i++) {
      running.get(i).addProbabilities((int) chosen[i], values, i * (1 + 2 * count), count);
    }
  }

  private void drop(int length) {
    List<Sample> left = new ArrayList<>();
    long[] rows = new long[tokens.length];
    long[] newest = new long[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      if (running.get(i).result() == null) {
        rows[left.size()] = i;
        newest[left.size()] = tokens[i];
        left.add(running.get(i));
      }
    }
    running = left;
    tokens = Arrays.copyOf(newest, left.size());
    draws = new double[left.size()];
    if (!left.isEmpty()) {
      program.arrange(Arrays.copyOf(rows, left.size()), length);
    }
  }
}
