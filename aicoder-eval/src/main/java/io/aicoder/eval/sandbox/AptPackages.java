package io.aicoder.eval.sandbox;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Debian's and Ubuntu's packages with what programs need. */
final class AptPackages {

  static final List<String> PYTHON =
      List.of(
          "python3",
          "python3-numpy",
          "python3-pandas",
          "python3-scipy",
          "python3-sklearn",
          "python3-pil",
          "python3-torch");

  static final String BUBBLEWRAP = "bubblewrap";

  private static final Duration LIMIT = Duration.ofMinutes(30);

  private AptPackages() {}

  /**
   * Installs packages where the user is root and apt-get exists.
   *
   * @return whether that was tried and succeeded
   */
  static boolean install(Machine machine, List<String> packages, Consumer<String> progress) {
    Optional<Path> apt = machine.which("apt-get");
    if (!machine.root() || apt.isEmpty()) {
      return false;
    }
    List<String> install = new ArrayList<>(List.of("install", "-y", "--no-install-recommends"));
    install.addAll(packages);
    // The lists may be missing (containers come without) or current: fetching them costs time, so
    // only where needed.
    return run(machine, apt.get(), install, progress)
        || (run(machine, apt.get(), List.of("update"), progress)
            && run(machine, apt.get(), install, progress));
  }

  private static boolean run(
      Machine machine, Path apt, List<String> arguments, Consumer<String> progress) {
    progress.accept("running apt-get " + String.join(" ", arguments));
    List<String> command = new ArrayList<>(List.of(apt.toString()));
    command.addAll(arguments);
    return machine.run(command, LIMIT, line -> progress.accept("  " + line)).succeeded();
  }
}
