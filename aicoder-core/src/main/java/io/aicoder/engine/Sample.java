package io.aicoder.engine;

import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TokenChoice;
import io.aicoder.generate.TokenProbability;
import io.aicoder.text.Detokenizer;
import io.aicoder.text.StopSequences;
import io.aicoder.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One sample of an order on its way: its tokens, its text and its random numbers. */
final class Sample {

  private final Order order;
  private final Tokenizer tokenizer;
  private final Detokenizer detokenizer;
  private final StopSequences stopSequences;
  private final Consumer<String> sink;

  /** Random would begin alike for neighbouring seeds. */
  private final SplittableRandom random;

  private final List<Integer> ids = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private final List<TokenChoice> choices = new ArrayList<>();
  private @Nullable TokenFilter filter;
  private @Nullable GenerationResult result;

  /**
   * Creates one that has no token yet.
   *
   * @param sink takes its pieces of text
   */
  Sample(Order order, long seed, Tokenizer tokenizer, Consumer<String> sink) {
    this.order = order;
    this.tokenizer = tokenizer;
    this.detokenizer = new Detokenizer(tokenizer);
    this.stopSequences = new StopSequences(order.stop());
    this.sink = sink;
    this.random = new SplittableRandom(seed);
    this.filter = order.filter();
  }

  /** Returns the next random number in [0, 1). */
  double draw() {
    return random.nextDouble();
  }

  /** Returns what the next token must pass, or {@code null}. */
  @Nullable TokenFilter filter() {
    return filter;
  }

  /**
   * Takes a chosen token in; returns why the generation ends with it, or {@code null} when it goes
   * on.
   */
  @Nullable FinishReason accept(int token) {
    ids.add(token);
    if (order.eosTokenIds().contains(token)) {
      return new FinishReason.EndOfSequence(token);
    }
    if (order.stopTokenIds().contains(token)) {
      return new FinishReason.StopToken(token);
    }
    emit(stopSequences.add(detokenizer.add(token)));
    String stop = stopSequences.found();
    if (stop != null) {
      return new FinishReason.StopSequence(stop);
    }
    if (filter != null) {
      filter = filter.accept(token);
      if (filter.finished()) {
        return new FinishReason.Complete();
      }
    }
    return ids.size() >= order.maxNewTokens() ? new FinishReason.Length() : null;
  }

  /**
   * Keeps the probabilities of the newest token.
   *
   * @param values what {@code LlamaProgram.logProbabilities} returned
   * @param offset where this sample's begin
   * @param count of the likeliest
   */
  void addProbabilities(int token, double[] values, int offset, int count) {
    List<TokenProbability> likeliest = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      likeliest.add(probability((int) values[offset + i], values[offset + count + i]));
    }
    choices.add(new TokenChoice(probability(token, values[offset]), likeliest));
  }

  private TokenProbability probability(int token, double logProbability) {
    return new TokenProbability(token, tokenizer.decode(List.of(token)), logProbability);
  }

  /** Ends the sample. */
  void finish(FinishReason reason, Stopwatch stopwatch, @Nullable List<Float> promptLogits) {
    FinishReason actual = reason;
    if (!(reason instanceof FinishReason.StopSequence)) {
      emit(stopSequences.add(detokenizer.finish()));
      emit(stopSequences.finish());
      String stop = stopSequences.found();
      actual = stop == null ? reason : new FinishReason.StopSequence(stop);
    }
    result =
        new GenerationResult(
            text.toString(),
            order.promptIds(),
            ids,
            actual,
            stopwatch.timings(),
            promptLogits,
            order.logProbabilities() == null ? null : choices,
            null);
  }

  /** Returns the result, once finished. */
  @Nullable GenerationResult result() {
    return result;
  }

  private void emit(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      sink.accept(piece);
    }
  }
}
