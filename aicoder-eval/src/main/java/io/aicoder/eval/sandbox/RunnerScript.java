package io.aicoder.eval.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** The Python side of the sandbox, from the resources. */
final class RunnerScript {

  /** The three parts of the runner, which make one script in this order. */
  static final byte[] RUNNER =
      List.of("processes.py", "program_child.py", "warm_interpreter.py").stream()
          .map(RunnerScript::read)
          .collect(Collectors.joining("\n"))
          .getBytes(StandardCharsets.UTF_8);

  /** A script for {@code python3 -c} that reads the runner from standard input and becomes it. */
  static final String BOOTSTRAP =
      """
      import os
      source = b""
      while len(source) < %d:
          chunk = os.read(0, %d - len(source))
          if not chunk:
              raise SystemExit("the runner did not arrive")
          source += chunk
      exec(compile(source, "runner", "exec"))
      """
          .formatted(RUNNER.length, RUNNER.length);

  private RunnerScript() {}

  /** Reads a script from this package's resources. */
  static String read(String name) {
    try (InputStream in = RunnerScript.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("resource " + name + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
