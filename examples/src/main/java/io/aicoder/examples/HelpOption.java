package io.aicoder.examples;

import picocli.CommandLine.Option;

/** {@code --help}, for every example. */
final class HelpOption {

  @Option(names = "--help", usageHelp = true, description = "explains this example")
  private boolean help;
}
