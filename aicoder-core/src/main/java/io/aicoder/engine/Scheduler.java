package io.aicoder.engine;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.text.Tokenizer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs orders on the one thread that drives the program, first come, first served.
 *
 * <p>Everything that touches the program goes through here, so that an engine which batches many
 * orders can take this one's place. Safe for use by several threads. Closes the program.
 */
public final class Scheduler implements AutoCloseable {

  private final CompletableFuture<LlamaProgram> loaded = new CompletableFuture<>();
  private final Tokenizer tokenizer;
  private final BlockingQueue<Work> queue = new LinkedBlockingQueue<>();
  private final Thread thread;
  private volatile boolean closed;
  private volatile @Nullable Generation running;

  /** Something for the engine's thread to do. */
  private interface Work {
    void run();

    void refuse(AiCoderException reason);
  }

  /**
   * Starts the engine's thread and waits until it has loaded the program.
   *
   * <p>Loading happens there too, because each thread that computes gets OpenMP workers of its own,
   * and with more workers than processors OpenMP lets them sleep at every barrier: half the speed.
   *
   * @param loader loads the program, which belongs to the scheduler
   * @throws AiCoderException what the loader threw
   */
  public Scheduler(Supplier<LlamaProgram> loader, Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.thread = new Thread(() -> work(loader), "aicoder-engine");
    thread.setDaemon(true);
    thread.start();
    join(loaded);
  }

  /**
   * Queues an order.
   *
   * @return its stream; closing it cancels the order
   * @throws AiCoderException when the engine is closed
   */
  public TextStream submit(Order order) {
    return queue(order);
  }

  /**
   * Queues an order for all its results.
   *
   * @return waits for as many as the order asks for, fewer when beam search found fewer; throws
   *     {@link AiCoderException} when the generation failed, or the thread was interrupted, which
   *     cancels it
   * @throws AiCoderException when the engine is closed
   */
  public Supplier<List<GenerationResult>> start(Order order) {
    return queue(order)::results;
  }

  private Generation queue(Order order) {
    Generation generation = new Generation(order, tokenizer);
    add(
        new Work() {
          @Override
          public void run() {
            running = generation;
            if (closed) {
              generation.cancel(); // taken from the queue just before close() emptied it
            }
            generation.run(loaded.join());
            running = null;
          }

          @Override
          public void refuse(AiCoderException reason) {
            generation.refuse(reason);
          }
        });
    return generation;
  }

  /**
   * Does something to the program between two orders, and waits for it.
   *
   * @throws AiCoderException when the engine is closed, or the action failed
   */
  public void withProgram(Consumer<LlamaProgram> action) {
    join(whenReached(action));
  }

  /**
   * Does something to the program when the orders that are queued by now have ended.
   *
   * @return completed when it is done, or when it failed
   * @throws AiCoderException when the engine is closed
   */
  public CompletableFuture<Void> whenReached(Consumer<LlamaProgram> action) {
    return begin(
            program -> {
              action.accept(program);
              return true;
            })
        .thenApply(done -> null);
  }

  /**
   * Computes something with the program between two orders, and waits for it.
   *
   * @throws AiCoderException when the engine is closed, or the computation failed
   */
  <T> T compute(Function<LlamaProgram, T> computation) {
    return join(begin(computation));
  }

  private <T> CompletableFuture<T> begin(Function<LlamaProgram, T> computation) {
    CompletableFuture<T> done = new CompletableFuture<>();
    add(
        new Work() {
          @Override
          public void run() {
            try {
              done.complete(computation.apply(loaded.join()));
            } catch (RuntimeException | Error e) {
              done.completeExceptionally(e);
            }
          }

          @Override
          public void refuse(AiCoderException reason) {
            done.completeExceptionally(reason);
          }
        });
    return done;
  }

  /**
   * Waits for what the engine does.
   *
   * @throws AiCoderException when it failed
   */
  public static <T> T join(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof AiCoderException cause
          ? cause
          : new AiCoderException(
              ErrorCategory.EXECUTION, "the engine failed: " + e.getMessage(), e);
    }
  }

  private synchronized void add(Work work) {
    if (closed) {
      throw closedException();
    }
    queue.add(work);
  }

  private static AiCoderException closedException() {
    return new AiCoderException(
        ErrorCategory.EXECUTION, "the model is closed: keep it open while requests run");
  }

  private void work(Supplier<LlamaProgram> loader) {
    try {
      loaded.complete(loader.get());
    } catch (RuntimeException | Error e) {
      loaded.completeExceptionally(e);
      return;
    }
    try {
      while (!Thread.currentThread().isInterrupted()) {
        queue.take().run();
      }
    } catch (InterruptedException e) {
      // close() asks the thread to end.
    }
    loaded.join().close();
  }

  /** Cancels the order that runs, refuses those that wait, and frees the program. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    for (Work work = queue.poll(); work != null; work = queue.poll()) {
      work.refuse(closedException());
    }
    Generation current = running;
    if (current != null) {
      current.cancel();
    }
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
