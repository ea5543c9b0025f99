package io.aicoder.engine;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import io.aicoder.generate.Timings;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.text.Detokenizer;
import io.aicoder.text.StopSequences;
import io.aicoder.text.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * One order on its way: the engine's thread runs it and puts pieces of text in, the caller's thread
 * takes them out.
 */
final class Generation implements TextStream {

  /** Prompt tokens taken at once: bounds memory, and the wait until a cancellation is seen. */
  private static final int PREFILL_CHUNK = 512;

  /** The KV cache grows in steps of this many positions. */
  private static final int CAPACITY_STEP = 256;

  /** Stands in the queue behind the last piece; compared by identity. */
  @SuppressWarnings("StringOperationCanBeSimplified") // a string of its own is the point
  private static final String END = new String("end");

  private final Order order;
  private final Detokenizer detokenizer;
  private final StopSequences stopSequences;
  private final long submitted = System.nanoTime();
  private final BlockingQueue<String> pieces = new LinkedBlockingQueue<>();
  private final CompletableFuture<GenerationResult> outcome = new CompletableFuture<>();
  private final List<Integer> ids = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private volatile boolean cancelled;
  private @Nullable String next;

  Generation(Order order, Tokenizer tokenizer) {
    this.order = order;
    this.detokenizer = new Detokenizer(tokenizer);
    this.stopSequences = new StopSequences(order.stop());
  }

  // ---- the engine's side ----

  /** Runs the order to its end; whatever goes wrong is handed to the caller. */
  void run(LlamaProgram program) {
    try {
      outcome.complete(generate(program));
    } catch (AiCoderException e) {
      outcome.completeExceptionally(e);
    } catch (RuntimeException | Error e) {
      // Whatever it is: nobody may wait for an answer that never comes.
      outcome.completeExceptionally(
          new AiCoderException(
              ErrorCategory.EXECUTION, "the generation failed: " + e.getMessage(), e));
    } finally {
      pieces.add(END);
    }
  }

  /** Ends an order that will not be run. */
  void refuse(AiCoderException reason) {
    outcome.completeExceptionally(reason);
    pieces.add(END);
  }

  private GenerationResult generate(LlamaProgram program) {
    long started = System.nanoTime();
    if (cancelled || !prefill(program)) {
      return result(new FinishReason.Cancelled(), started, System.nanoTime(), null);
    }
    List<Float> logits = order.promptLogits() ? logits(program) : null;
    // Random would begin alike for neighbouring seeds.
    SplittableRandom random = new SplittableRandom(order.seed());
    int token = program.choose(order.sampling(), random.nextDouble());
    long prefilled = System.nanoTime();
    FinishReason reason = accept(token);
    while (reason == null) {
      int position = order.promptIds().size() + ids.size() - 1;
      token =
          program.decode(token, position, order.adapter(), order.sampling(), random.nextDouble());
      reason = accept(token);
    }
    if (!(reason instanceof FinishReason.StopSequence)) {
      emit(stopSequences.add(detokenizer.finish()));
      emit(stopSequences.finish());
      String stop = stopSequences.found();
      reason = stop == null ? reason : new FinishReason.StopSequence(stop);
    }
    return result(reason, started, prefilled, logits);
  }

  /** Takes the prompt in; false when the caller cancelled meanwhile. */
  private boolean prefill(LlamaProgram program) {
    List<Integer> prompt = order.promptIds();
    long steps = ((long) prompt.size() + order.maxNewTokens() + CAPACITY_STEP - 1) / CAPACITY_STEP;
    program.begin(prompt.size(), (int) Math.min(steps * CAPACITY_STEP, Integer.MAX_VALUE));
    for (int start = 0; start < prompt.size(); start += PREFILL_CHUNK) {
      if (cancelled) {
        return false;
      }
      int end = Math.min(start + PREFILL_CHUNK, prompt.size());
      long[] chunk = prompt.subList(start, end).stream().mapToLong(Integer::longValue).toArray();
      program.prefill(chunk, start, order.adapter(), end == prompt.size());
    }
    return true;
  }

  private static List<Float> logits(LlamaProgram program) {
    List<Float> values = new ArrayList<>();
    for (float value : program.logits()) {
      values.add(value);
    }
    return values;
  }

  /** Takes a chosen token in; returns why the generation ends with it, or null when it goes on. */
  private @Nullable FinishReason accept(int token) {
    ids.add(token);
    if (order.eosTokenIds().contains(token)) {
      return new FinishReason.EndOfSequence(token);
    }
    emit(stopSequences.add(detokenizer.add(token)));
    String stop = stopSequences.found();
    if (stop != null) {
      return new FinishReason.StopSequence(stop);
    }
    if (cancelled) {
      return new FinishReason.Cancelled();
    }
    return ids.size() >= order.maxNewTokens() ? new FinishReason.Length() : null;
  }

  private void emit(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      pieces.add(piece);
    }
  }

  private GenerationResult result(
      FinishReason reason, long started, long prefilled, @Nullable List<Float> logits) {
    Timings timings =
        new Timings(
            Duration.ofNanos(started - submitted),
            Duration.ofNanos(prefilled - started),
            Duration.ofNanos(System.nanoTime() - prefilled));
    return new GenerationResult(text.toString(), order.promptIds(), ids, reason, timings, logits);
  }

  // ---- the caller's side ----

  @Override
  public boolean hasNext() {
    if (next == null) {
      next = take();
    }
    if (isEnd(next)) {
      await();
      return false;
    }
    return true;
  }

  @Override
  public String next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException("the stream has ended");
    }
    String piece = next;
    next = null;
    return piece;
  }

  private String take() {
    try {
      return pieces.take();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  @SuppressWarnings("ReferenceEquality") // END is compared by identity on purpose
  private static boolean isEnd(@Nullable String piece) {
    return piece == END;
  }

  @Override
  public GenerationResult result() {
    while (hasNext()) {
      next();
    }
    return await();
  }

  private GenerationResult await() {
    try {
      return outcome.join();
    } catch (CompletionException e) {
      AiCoderException cause = (AiCoderException) e.getCause();
      // A new one each time, so that the trace shows the caller too.
      throw cause == null
          ? new AiCoderException(ErrorCategory.EXECUTION, "the generation failed", e)
          : new AiCoderException(cause.category(), String.valueOf(cause.getMessage()), cause);
    }
  }

  private AiCoderException interrupted(InterruptedException e) {
    cancel();
    Thread.currentThread().interrupt();
    return new AiCoderException(
        ErrorCategory.EXECUTION, "interrupted while waiting for the generation: cancelled", e);
  }

  @Override
  public void cancel() {
    cancelled = true;
  }

  @Override
  public void close() {
    cancel();
  }
}
