package io.aicoder.eval.sandbox;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * One runner process (see {@code warm_interpreter.py}) and the conversation with it. For one thread
 * at a time; {@link #kill} is for any.
 */
final class Worker implements AutoCloseable {

  /** What a runner may take longer than its program: killing and sweeping, on a busy machine. */
  private static final Duration GRACE = Duration.ofSeconds(15);

  /** The first import of torch from a cold disk takes this long at worst. */
  private static final Duration START_LIMIT = Duration.ofMinutes(3);

  private static final long PATIENCE_SECONDS = 10;
  private static final long SMALL_FRAME = 1000;

  /** A signal's number is added to this to make an exit code, by shells, bwrap and Java alike. */
  private static final int SIGNAL_EXIT = 128;

  private final Process process;
  private final Frames frames;
  private final TailReader errors;
  private final ScheduledExecutorService keeper;
  private volatile boolean expired;
  private boolean usable = true;
  private int programs;

  /**
   * How to start a runner.
   *
   * @param command the command, at whose end the bootstrap script is appended
   * @param environment all of its environment
   * @param configuration what the runner is told
   */
  record Launch(
      List<String> command, Map<String, String> environment, Frames.Configuration configuration) {}

  private Worker(Process process, ScheduledExecutorService keeper) {
    this.process = process;
    this.keeper = keeper;
    this.frames = new Frames(process.getInputStream(), process.getOutputStream());
    this.errors = new TailReader(process.getErrorStream());
  }

  /**
   * Starts a runner and waits until it is ready.
   *
   * @param keeper one thread that lives as long as the sandbox. Linux ties "die with the parent" to
   *     the thread that started the process, so that all processes are started there.
   * @throws AiCoderException of category ENVIRONMENT when it does not start
   */
  static Worker start(Launch launch, ScheduledExecutorService keeper) {
    Worker worker = new Worker(startProcess(launch, keeper), keeper);
    Future<?> alarm = worker.alarm(START_LIMIT);
    try {
      worker.frames.writeScript(RunnerScript.RUNNER);
      worker.frames.write(launch.configuration());
      if (!worker.frames.read(Frames.Ready.class, SMALL_FRAME).ready()) {
        throw new IOException("the runner is not ready");
      }
      return worker;
    } catch (IOException e) {
      worker.close();
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          "the sandbox's interpreter did not start ("
              + (worker.expired ? "no answer within " + START_LIMIT : "it ended")
              + "): "
              + worker.errors.tail(),
          e);
    } finally {
      alarm.cancel(false);
    }
  }

  private static Process startProcess(Launch launch, ScheduledExecutorService keeper) {
    ProcessBuilder builder = new ProcessBuilder().directory(new File("/"));
    builder.command().addAll(launch.command());
    builder.command().addAll(List.of("-c", RunnerScript.BOOTSTRAP));
    builder.environment().clear();
    builder.environment().putAll(launch.environment());
    try {
      return keeper.submit(builder::start).get();
    } catch (ExecutionException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          "the sandbox could not be started: " + e.getCause(),
          e.getCause());
    } catch (RejectedExecutionException e) {
      throw new AiCoderException(ErrorCategory.EXECUTION, "the sandbox is closed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AiCoderException(
          ErrorCategory.EXECUTION, "interrupted while the sandbox started", e);
    }
  }

  /** Runs one program. Whatever it does, and to whom, is in the result. */
  Execution run(String program, Limits limits) {
    programs++;
    long start = System.nanoTime();
    Future<?> alarm = alarm(limits.wall().plus(GRACE));
    try {
      frames.write(Frames.Request.of(program, limits));
      // JSON writes one byte as six at worst, and there are two streams.
      Answer answer = frames.read(Answer.class, 12 * limits.outputBytes() + SMALL_FRAME);
      usable = !answer.retire();
      return answer.execution();
    } catch (IOException e) {
      usable = false;
      return new Execution("", "", lost(e), Duration.ofNanos(System.nanoTime() - start));
    } finally {
      alarm.cancel(false);
    }
  }

  /** What became of a program that took its runner along. */
  private Termination lost(IOException cause) {
    if (expired) {
      return new Termination.TimedOut();
    }
    int exit = awaitExit() ? process.exitValue() : 0;
    // Nobody else in there kills the runner: a signal was the program's doing, or meant for it.
    return exit > SIGNAL_EXIT
        ? new Termination.Signalled(exit - SIGNAL_EXIT)
        : new Termination.SandboxFailure(
            "the interpreter was lost (" + cause.getMessage() + "): " + errors.tail());
  }

  private Future<?> alarm(Duration delay) {
    Runnable expire =
        () -> {
          expired = true;
          kill();
        };
    try {
      return keeper.schedule(expire, delay.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) { // the sandbox was closed just now
      close();
      throw new AiCoderException(ErrorCategory.EXECUTION, "the sandbox is closed", e);
    }
  }

  /** Returns whether it can run another program. */
  boolean usable() {
    return usable && process.isAlive();
  }

  /** Returns how many programs it has run. */
  int programs() {
    return programs;
  }

  /** Kills the runner and all below it; does not wait. */
  void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /** Kills the runner and all below it and waits until it is gone. */
  @Override
  public void close() {
    kill();
    awaitExit();
    try (InputStream out = process.getInputStream()) {
      process.getOutputStream().close();
    } catch (IOException e) {
      // the other end is gone: that is what closing is for
    }
  }

  private boolean awaitExit() {
    try {
      return process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Keeps the end of what a process says on standard error. */
  private static final class TailReader {

    private static final int KEPT = 2000;

    private final Thread thread;
    private String tail = "";

    TailReader(InputStream in) {
      thread = new Thread(() -> drain(in), "aicoder-sandbox-stderr");
      thread.setDaemon(true);
      thread.start();
    }

    private void drain(InputStream in) {
      byte[] buffer = new byte[KEPT];
      try (in) {
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          append(new String(buffer, 0, count, StandardCharsets.UTF_8));
        }
      } catch (IOException e) {
        append(""); // closed under our feet: the end
      }
    }

    private synchronized void append(String text) {
      String all = tail + text;
      tail = all.substring(Math.max(0, all.length() - KEPT));
    }

    /** Returns the last words of a process that has ended, in one line. */
    String tail() {
      try {
        thread.join(1000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      synchronized (this) {
        return tail.strip().replace('\n', ' ');
      }
    }
  }
}
