package io.aicoder.eval;

import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.sandbox.Termination;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** A sandbox that runs nothing: a function says how each program fares. */
public final class ScriptedSandbox implements Sandbox {

  public final List<String> programs = new CopyOnWriteArrayList<>();
  private final Function<String, Execution> script;

  public ScriptedSandbox(Function<String, Execution> script) {
    this.script = script;
  }

  /** Returns an execution that ended by itself. */
  public static Execution exited(int code, String stdout, String stderr) {
    return new Execution(stdout, stderr, new Termination.Exited(code), Duration.ofMillis(10));
  }

  /** Returns the execution of a test with three cases. */
  public static Execution cases(boolean one, boolean two, boolean three) {
    return exited(
        0,
        "Testing started.\n" + line(1, one) + line(2, two) + line(3, three) + "Testing finished.\n",
        one && two && three
            ? ""
            : "Traceback (most recent call last):\n  File \"program.py\", line 3, in f\n"
                + "    return x\nNameError: name 'x' is not defined\n");
  }

  private static String line(int number, boolean succeeded) {
    return "Test case ["
        + number
        + "/3] "
        + (succeeded ? "succeeded" : "failed: NameError: name 'x' is not defined")
        + "\n";
  }

  @Override
  public Execution run(String program, Limits limits) {
    programs.add(program);
    return script.apply(program);
  }

  @Override
  public String name() {
    return "scripted";
  }

  @Override
  public void close() {}
}
