package io.aicoder.eval.sandbox;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a runner says of one program, in the names of {@code warm_interpreter.py}.
 *
 * @param end exited, signalled, timeout, memory, output or failed
 * @param number the exit code or signal
 * @param stdout standard output
 * @param stderr standard error
 * @param wall seconds
 * @param cpu processor seconds; below 0 when they are not known
 * @param memory bytes of address space; below 0 when they are not known
 * @param retire whether the runner should not run another one
 */
record Answer(
    String end,
    int number,
    String stdout,
    String stderr,
    double wall,
    double cpu,
    long memory,
    boolean retire) {

  /**
   * The last line of an uncaught exception that says "no memory": Python's and NumPy's, torch's
   * allocator, C++.
   */
  private static final Pattern NO_MEMORY =
      Pattern.compile(
          "(?:[\\w.]*MemoryError\\b.*"
              + "|.*DefaultCPUAllocator: (?:can't allocate|not enough) memory.*"
              + "|OSError: \\[Errno 12] .*"
              + "|.*\\bstd::bad_alloc\\b.*)");

  private static final int SIGABRT = 6;

  Execution execution() {
    return new Execution(
        stdout,
        stderr,
        termination(),
        seconds(wall),
        cpu < 0 ? null : seconds(cpu),
        memory < 0 ? null : memory);
  }

  private static Duration seconds(double value) {
    return Duration.ofNanos((long) (value * 1e9));
  }

  private Termination termination() {
    return switch (end) {
      case "exited" ->
          number != 0 && ranOutOfMemory()
              ? new Termination.OutOfMemory()
              : new Termination.Exited(number);
      case "signalled" ->
          number == SIGABRT && ranOutOfMemory()
              ? new Termination.OutOfMemory()
              : new Termination.Signalled(number);
      case "timeout" -> new Termination.TimedOut();
      case "memory" -> new Termination.OutOfMemory();
      case "output" -> new Termination.OutputLimit();
      default -> new Termination.SandboxFailure("the program was not begun: " + stderr.strip());
    };
  }

  /** Whether the error that ended the program was the lack of memory. */
  private boolean ranOutOfMemory() {
    List<String> lines =
        stderr
            .lines()
            // torch may print its C++ frames behind the message
            .filter(line -> !line.isBlank() && !line.startsWith("frame #"))
            .toList();
    return !lines.isEmpty() && NO_MEMORY.matcher(lines.get(lines.size() - 1)).matches();
  }
}
