package io.aicoder.examples;

import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Names the examples. */
@Command(name = "list", description = "Names the examples; -Dargs=--help explains one of them.")
final class ListExamples implements Runnable {

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Override
  public void run() {
    Examples.list(Objects.requireNonNull(spec.parent()));
  }
}
