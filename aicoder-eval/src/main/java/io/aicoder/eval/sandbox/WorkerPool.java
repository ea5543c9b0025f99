package io.aicoder.eval.sandbox;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands programs to workers, as many at a time as there are; starts, recycles and ends them. */
final class WorkerPool implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(WorkerPool.class);

  /** Starts workers. */
  @FunctionalInterface
  interface Starter {
    /** Starts one whose files may take {@code fileBytes} together. */
    Seat start(long fileBytes, ScheduledExecutorService keeper);
  }

  /**
   * A worker and what is to be done when it is gone.
   *
   * @param worker the worker
   * @param fileBytes what its files may take together
   * @param cleanUp removes what it left
   */
  record Seat(Worker worker, long fileBytes, Runnable cleanUp) {

    void close() {
      worker.close();
      cleanUp.run();
    }
  }

  private final Starter starter;
  private final int programsPerWorker;
  private final Semaphore free;
  private final Deque<Seat> idle = new ConcurrentLinkedDeque<>();
  private final Set<Seat> seats = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService keeper =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "aicoder-sandbox");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean closed;

  WorkerPool(int workers, int programsPerWorker, Starter starter) {
    this.free = new Semaphore(workers, true);
    this.programsPerWorker = programsPerWorker;
    this.starter = starter;
  }

  /** Starts one worker, so that what is wrong shows now. */
  void startOne(long fileBytes) {
    idle.push(start(fileBytes));
  }

  Execution run(String program, Limits limits) {
    try {
      free.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AiCoderException(
          ErrorCategory.EXECUTION, "interrupted while waiting for a free worker", e);
    }
    try {
      Seat seat = take(limits.fileBytes());
      try {
        Execution execution = seat.worker().run(program, limits);
        checkOpen();
        return execution;
      } finally {
        giveBack(seat);
      }
    } finally {
      free.release();
    }
  }

  private Seat take(long fileBytes) {
    checkOpen();
    Seat seat = idle.poll();
    if (seat != null && (seat.fileBytes() != fileBytes || !seat.worker().usable())) {
      discard(seat);
      seat = null;
    }
    return seat == null ? start(fileBytes) : seat;
  }

  private Seat start(long fileBytes) {
    Seat seat = starter.start(fileBytes, keeper);
    LOG.debug("started a worker");
    seats.add(seat);
    if (closed) { // meanwhile: close() may not have seen it
      discard(seat);
      checkOpen();
    }
    return seat;
  }

  private void giveBack(Seat seat) {
    if (closed || !seat.worker().usable() || seat.worker().programs() >= programsPerWorker) {
      discard(seat);
    } else {
      idle.push(seat);
    }
  }

  private void discard(Seat seat) {
    LOG.debug("ending a worker after {} programs", seat.worker().programs());
    seat.close();
    seats.remove(seat);
  }

  private void checkOpen() {
    if (closed) {
      throw new AiCoderException(ErrorCategory.EXECUTION, "the sandbox is closed");
    }
  }

  /** Ends all workers; programs that run throw {@link AiCoderException}. */
  @Override
  public void close() {
    closed = true;
    for (Seat seat : seats) {
      seat.close();
    }
    seats.clear();
    keeper.shutdownNow();
  }
}
