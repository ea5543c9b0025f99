package io.aicoder.eval.run;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.metric.Rate;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Scores;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes many samples on a pool of threads and tells a listener about each. For one use. */
final class Phase {

  private final String name;
  private final ProgressListener listener;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private Rate srAll = new Rate(0, 0);

  Phase(String name, ProgressListener listener) {
    this.name = name;
    this.listener = listener;
  }

  /**
   * Makes one sample of each item.
   *
   * <p>The first failure stops the phase: no further item is begun, those under way are finished
   * (and kept by whoever makes them), then the failure is thrown.
   *
   * @param workers how many threads
   * @param items what to make samples of
   * @param make makes one
   * @return the samples in the order of the items
   * @throws AiCoderException what {@code make} threw first, or (EXECUTION) when this thread was
   *     interrupted
   */
  <T> List<Sample> run(int workers, List<T> items, Function<T, Sample> make) {
    AtomicInteger threads = new AtomicInteger();
    ExecutorService pool =
        Executors.newFixedThreadPool(
            workers,
            work -> {
              Thread thread = new Thread(work, "aicoder-eval-" + threads.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    listener.phaseStarted(name, items.size());
    List<Future<Sample>> futures = new ArrayList<>();
    for (T item : items) {
      futures.add(pool.submit(() -> one(item, make)));
    }
    List<Sample> samples = collect(futures);
    end(pool);
    listener.phaseEnded(name);
    throwFailure();
    return samples;
  }

  private <T> Sample one(T item, Function<T, Sample> make) {
    if (failure.get() != null) {
      throw new CancellationException("an earlier sample failed");
    }
    try {
      Sample sample = make.apply(item);
      report(sample);
      return sample;
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
      throw e;
    }
  }

  private synchronized void report(Sample sample) {
    Rate one = Scores.of(List.of(sample)).srAll();
    srAll = new Rate(srAll.successes() + one.successes(), srAll.total() + one.total());
    listener.finished(sample.taskId(), srAll);
  }

  private List<Sample> collect(List<Future<Sample>> futures) {
    List<Sample> samples = new ArrayList<>();
    try {
      for (Future<Sample> future : futures) {
        samples.add(future.get());
      }
    } catch (ExecutionException e) {
      failure.compareAndSet(null, e.getCause());
    } catch (InterruptedException e) {
      failure.compareAndSet(
          null,
          new AiCoderException(
              ErrorCategory.EXECUTION,
              name + ": interrupted; run it again to go on where it stopped",
              e));
    }
    return samples;
  }

  /** Waits for what is under way: a sample that is nearly made shall not be lost. */
  private static void end(ExecutorService pool) {
    pool.shutdown();
    boolean interrupted = Thread.interrupted();
    while (!pool.isTerminated()) {
      try {
        pool.awaitTermination(1, TimeUnit.HOURS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void throwFailure() {
    Throwable thrown = failure.get();
    if (thrown instanceof RuntimeException e) {
      if (e.getCause() instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
  }
}
