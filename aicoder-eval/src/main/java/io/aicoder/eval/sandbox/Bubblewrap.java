package io.aicoder.eval.sandbox;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds and, where that is allowed, installs <a
 * href="https://github.com/containers/bubblewrap">bubblewrap</a>. Safe for use by several threads.
 */
public final class Bubblewrap {

  private Bubblewrap() {}

  /**
   * Finds {@code bwrap} on the search path; installs nothing.
   *
   * @throws AiCoderException of category ENVIRONMENT, with the remedy, when it is absent
   */
  public static Path find() {
    return find(Machine.here());
  }

  /**
   * Finds {@code bwrap}, or installs it with apt-get when this process is root.
   *
   * @param progress takes a line for each thing done
   * @throws AiCoderException of category ENVIRONMENT, with the remedy, when it is absent and cannot
   *     be installed
   */
  public static Path provision(Consumer<String> progress) {
    return provision(Machine.here(), progress);
  }

  static Path find(Machine machine) {
    return machine
        .which("bwrap")
        .orElseThrow(
            () ->
                new AiCoderException(
                    ErrorCategory.ENVIRONMENT,
                    "bubblewrap is not installed: run `sudo apt-get install bubblewrap`, or ask for"
                        + " ProcessSandbox by name"));
  }

  static Path provision(Machine machine, Consumer<String> progress) {
    if (machine.which("bwrap").isEmpty()) {
      AptPackages.install(machine, List.of(AptPackages.BUBBLEWRAP), progress);
    }
    return find(machine);
  }
}
