package io.aicoder.eval.metric;

import io.aicoder.eval.metric.TestProtocol.Outcome;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Termination;
import io.aicoder.eval.task.Task;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads from what a program wrote, and how it ended, what that says about it.
 *
 * <p>In order of precedence: a sandbox that failed says nothing about the program; a program whose
 * cases all succeeded has passed, however it ended; a missing library or network is nobody's fault;
 * then come limits and signals, then what the cases said, then an uncaught exception.
 *
 * <p>Test and program share one output, so a program can forge the test's lines, which {@link
 * TestRun} makes harder: the sandbox protects the machine, not the score.
 */
public final class VerdictReader {

  private VerdictReader() {}

  /**
   * Judges one execution.
   *
   * @param task the task whose test was run
   * @param execution what running {@link Task#program} gave
   */
  public static Judgement judge(Task task, Execution execution) {
    Outcome outcome = new TestProtocol(task).read(execution.stdout());
    List<Traceback> tracebacks = Traceback.all(execution.stderr());
    Verdict verdict = verdict(task, execution, outcome, tracebacks);
    return new Judgement(
        verdict, outcome.succeeded().size(), outcome.total(), detail(verdict, outcome, tracebacks));
  }

  /**
   * Judges an answer that held no program.
   *
   * @param task the task, for the number of its cases
   * @param why what is to be said about it
   */
  public static Judgement noCode(Task task, String why) {
    int total = new TestProtocol(task).read("").total();
    return new Judgement(new Verdict.NoCode(), 0, total, why);
  }

  private static Verdict verdict(
      Task task, Execution execution, Outcome outcome, List<Traceback> tracebacks) {
    if (execution.termination() instanceof Termination.SandboxFailure failure) {
      return new Verdict.Infrastructure("sandbox failure: " + failure.reason());
    }
    if (outcome.succeeded().size() == outcome.total()) {
      return new Verdict.Passed();
    }
    String fault = new EnvironmentFault(task).find(failures(outcome, tracebacks));
    if (fault != null) {
      return new Verdict.Infrastructure(fault);
    }
    Verdict stopped = stopped(execution.termination());
    return stopped != null
        ? stopped
        : ended(task, (Termination.Exited) execution.termination(), outcome, tracebacks);
  }

  /** All that went wrong: what cases printed, and every traceback. */
  private static List<String> failures(Outcome outcome, List<Traceback> tracebacks) {
    List<String> failures = new ArrayList<>(outcome.failures());
    tracebacks.forEach(traceback -> failures.add(traceback.summary()));
    return failures;
  }

  /** Returns the verdict on a program that did not end by itself; {@code null} when it did. */
  private static @Nullable Verdict stopped(Termination termination) {
    if (termination instanceof Termination.TimedOut) {
      return new Verdict.Timeout();
    }
    if (termination instanceof Termination.OutOfMemory) {
      return new Verdict.OutOfMemory();
    }
    if (termination instanceof Termination.OutputLimit) {
      return new Verdict.OutputLimit();
    }
    if (termination instanceof Termination.Signalled signalled) {
      return new Verdict.Aborted("ended by signal " + signalled.signal());
    }
    return null;
  }

  private static Verdict ended(
      Task task, Termination.Exited exited, Outcome outcome, List<Traceback> tracebacks) {
    if (outcome.finished()) {
      return counted(outcome);
    }
    Traceback uncaught = tracebacks.isEmpty() ? null : tracebacks.get(tracebacks.size() - 1);
    if (exited.code() == 0) {
      // A test that never announces its end has reached it when the program just ends.
      boolean silentEnd = outcome.started() && !task.testCode().contains("Testing finished.");
      return silentEnd ? counted(outcome) : new Verdict.Aborted("exited before the test's end");
    }
    if (exited.code() != 1 || uncaught == null) {
      return new Verdict.Aborted("exited with code " + exited.code() + " before the test's end");
    }
    if (uncaught.simpleType().equals("MemoryError")) {
      return new Verdict.OutOfMemory();
    }
    boolean assertedByTest =
        uncaught.simpleType().equals("AssertionError") && uncaught.function().startsWith("test_");
    return assertedByTest || !outcome.succeeded().isEmpty()
        ? counted(outcome)
        : new Verdict.Raised(uncaught);
  }

  private static Verdict counted(Outcome outcome) {
    return outcome.succeeded().isEmpty() ? new Verdict.Wrong() : new Verdict.Partial();
  }

  private static @Nullable String detail(
      Verdict verdict, Outcome outcome, List<Traceback> tracebacks) {
    if (verdict instanceof Verdict.Raised raised) {
      return raised.traceback().summary();
    }
    if (verdict instanceof Verdict.Aborted aborted) {
      return aborted.how();
    }
    if (verdict instanceof Verdict.Infrastructure infrastructure) {
      return infrastructure.reason();
    }
    if (verdict instanceof Verdict.Timeout) {
      return "ran past its time limit";
    }
    if (verdict instanceof Verdict.OutOfMemory) {
      return "wanted more memory than it may have";
    }
    if (verdict instanceof Verdict.OutputLimit) {
      return "wrote more than it may";
    }
    if (verdict instanceof Verdict.Passed) {
      return null;
    }
    if (!outcome.failures().isEmpty()) {
      return outcome.failures().get(0);
    }
    return tracebacks.isEmpty() ? null : tracebacks.get(tracebacks.size() - 1).summary();
  }
}
