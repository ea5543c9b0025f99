package io.aicoder.engine;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.text.Tokenizer;
import java.util.List;
import java.util.NoSuchElementException;
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

  /** Stands in the queue behind the last piece; compared by identity. */
  @SuppressWarnings("StringOperationCanBeSimplified") // a string of its own is the point
  private static final String END = new String("end");

  private final Order order;
  private final Tokenizer tokenizer;
  private final Stopwatch stopwatch = new Stopwatch();
  private final BlockingQueue<String> pieces = new LinkedBlockingQueue<>();
  private final CompletableFuture<List<GenerationResult>> outcome = new CompletableFuture<>();
  private volatile boolean cancelled;
  private @Nullable String next;

  Generation(Order order, Tokenizer tokenizer) {
    this.order = order;
    this.tokenizer = tokenizer;
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

  private List<GenerationResult> generate(LlamaProgram program) {
    stopwatch.start();
    Beams beams = order.beams();
    if (beams == null) {
      return new SampledDecoding(program, order, tokenizer, stopwatch, () -> cancelled, pieces::add)
          .run();
    }
    List<GenerationResult> results =
        new BeamSearch(program, order, beams, tokenizer, stopwatch, () -> cancelled).run();
    if (!results.get(0).text().isEmpty()) {
      pieces.add(results.get(0).text());
    }
    return results;
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
    return results().get(0);
  }

  /**
   * Waits for the end and returns all results, at least one.
   *
   * @throws AiCoderException when the generation failed
   */
  List<GenerationResult> results() {
    while (hasNext()) {
      next();
    }
    return await();
  }

  private List<GenerationResult> await() {
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
