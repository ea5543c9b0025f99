package io.aicoder.examples;

import io.aicoder.error.AiCoderException;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Starts an example by its name. */
@Command(
    name = "-Dexample=",
    synopsisHeading = "mvn -q -Pexample -Dexample=NAME -Dargs=\"…\"%n",
    customSynopsis = "",
    subcommands = {
      Quickstart.class,
      Generate.class,
      Evaluate.class,
      BuildDataset.class,
      FineTune.class,
      MergeAdapter.class,
      DecodeBenchmark.class,
      TrainingBenchmark.class,
      SandboxBenchmark.class,
      QuantizationReport.class,
      ExportProgram.class,
      ListExamples.class
    })
public final class Examples implements Runnable {

  /** What a program that could not do its work leaves with. */
  static final int FAILED = 1;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  private Examples() {}

  /** Runs an example: its name first, then its options. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs an example and returns its exit code. */
  static int run(String... args) {
    return new CommandLine(new Examples())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Examples::explain)
        .setExecutionExceptionHandler(explainFailures())
        .execute(args);
  }

  /** Bad options and unknown names are explained in one line and a hint, without a stack trace. */
  private static int explain(ParameterException exception, String[] args) {
    CommandLine command = exception.getCommandLine();
    boolean unknownName =
        exception instanceof UnmatchedArgumentException && command.getParent() == null;
    command
        .getErr()
        .println(
            unknownName
                ? "unknown example '%s': choose one of %s"
                    .formatted(args[0], String.join(", ", command.getSubcommands().keySet()))
                : exception.getMessage()
                    + ": see -Dexample="
                    + command.getCommandName()
                    + " -Dargs=--help");
    return CommandLine.ExitCode.USAGE;
  }

  private static IExecutionExceptionHandler explainFailures() {
    return (exception, command, parsed) -> {
      if (exception instanceof AiCoderException || exception instanceof IllegalArgumentException) {
        command.getErr().println("error: " + exception.getMessage());
        return FAILED;
      }
      throw exception;
    };
  }

  @Override
  public void run() {
    list(spec);
  }

  /** Returns the names of all examples. */
  static Set<String> names() {
    return new CommandLine(new Examples()).getSubcommands().keySet();
  }

  static void list(CommandSpec examples) {
    for (Map.Entry<String, CommandLine> entry : examples.subcommands().entrySet()) {
      String[] description = entry.getValue().getCommandSpec().usageMessage().description();
      examples.commandLine().getOut().printf("%-16s %s%n", entry.getKey(), description[0]);
    }
  }
}
