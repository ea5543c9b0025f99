package io.aicoder.eval.sandbox;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the search for Python and bubblewrap sees of the machine; tests hand it folders with fakes.
 *
 * @param searchPath the folders that hold commands, in order
 * @param knownInterpreters interpreters that may lie outside of the search path
 * @param namedInterpreter the interpreter that the user named, or {@code null}
 * @param cache the folder that may hold a virtual environment of our own
 * @param root whether packages may be installed
 */
record Machine(
    List<Path> searchPath,
    List<Path> knownInterpreters,
    @Nullable Path namedInterpreter,
    Path cache,
    boolean root) {

  /**
   * What a command wrote and returned.
   *
   * @param exitCode its exit code
   * @param lines the lines of standard output and standard error as they came
   */
  record Outcome(int exitCode, List<String> lines) {

    boolean succeeded() {
      return exitCode == 0;
    }
  }

  /** Returns this machine: PATH, the property {@code aicoder.python}, AICODER_PYTHON, the user. */
  static Machine here() {
    String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
    List<Path> folders =
        Arrays.stream(path.split(File.pathSeparator))
            .filter(folder -> folder.startsWith("/"))
            .map(Path::of)
            .toList();
    String named = System.getProperty("aicoder.python", System.getenv("AICODER_PYTHON"));
    boolean root = isRoot();
    // What root installs has to be readable by the user that programs run as, which its home is
    // not.
    Path cache =
        root ? Path.of("/var/cache") : Path.of(System.getProperty("user.home", "/"), ".cache");
    return new Machine(
        folders,
        List.of(Path.of("/usr/bin/python3")),
        named == null || named.isBlank() ? null : Path.of(named).toAbsolutePath(),
        cache.resolve("aicoder/python"),
        root);
  }

  /** Returns whether this process has user id 0. */
  static boolean isRoot() {
    try {
      return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException | UnsupportedOperationException e) {
      return false; // no such file system: then there is nothing to install with either
    }
  }

  /** Returns the first executable of this name on the search path. */
  Optional<Path> which(String name) {
    return all(name).stream().findFirst();
  }

  /** Returns each executable of this name on the search path, in order. */
  List<Path> all(String name) {
    return searchPath.stream()
        .map(folder -> folder.resolve(name))
        .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
        .toList();
  }

  /**
   * Runs a command to its end, with no input and this machine's search path.
   *
   * @param progress takes each line as it comes
   * @throws AiCoderException when it cannot be started; one that takes longer than {@code limit} is
   *     killed, and its exit code is then that of a kill
   */
  Outcome run(List<String> command, Duration limit, Consumer<String> progress) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(new File("/")).redirectInput(new File("/dev/null"));
    builder
        .environment()
        .put("PATH", String.join(":", searchPath.stream().map(String::valueOf).toList()));
    builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          command.get(0) + " could not be started: " + e.getMessage(),
          e);
    }
    Executor later = CompletableFuture.delayedExecutor(limit.toMillis(), TimeUnit.MILLISECONDS);
    CompletableFuture<Void> end = CompletableFuture.runAsync(() -> kill(process), later);
    try (BufferedReader reader = output(process)) {
      List<String> lines = new ArrayList<>();
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(line);
        progress.accept(line);
      }
      return new Outcome(process.waitFor(), List.copyOf(lines));
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT, command.get(0) + " could not be read: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AiCoderException(
          ErrorCategory.EXECUTION, "interrupted while " + command.get(0) + " ran", e);
    } finally {
      end.cancel(false);
      kill(process);
    }
  }

  private static BufferedReader output(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
