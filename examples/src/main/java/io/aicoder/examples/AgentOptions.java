package io.aicoder.examples;

import io.aicoder.eval.agent.Agent;
import io.aicoder.eval.agent.Budget;
import io.aicoder.eval.agent.CoderGen;
import io.aicoder.eval.agent.ExecuteTool;
import io.aicoder.eval.agent.Feedback;
import io.aicoder.eval.agent.LookUpTool;
import io.aicoder.eval.agent.OneShot;
import io.aicoder.eval.agent.PromptTemplates;
import io.aicoder.eval.agent.ReAct;
import io.aicoder.eval.agent.Resampling;
import io.aicoder.eval.agent.Tool;
import io.aicoder.eval.documentation.Documentation;
import io.aicoder.eval.run.SavedRun;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.PythonEnvironment;
import io.aicoder.eval.sandbox.Sandbox;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Which agent it is, and what it may see and spend. */
final class AgentOptions {

  private static final List<String> LIBRARIES =
      List.of("numpy", "pandas", "scipy", "sklearn", "PIL", "torch");
  private static final long MILLIS = 1000;

  /** Tests that an agent may see when the scoring ones are hidden. */
  enum Visible {
    cases,
    tests
  }

  /** Agents by the names people type. */
  enum AgentName {
    none,
    codergen,
    react,
    resample
  }

  @Option(
      names = "--agent",
      paramLabel = "NAME",
      defaultValue = "none",
      description = "none, codergen, react or resample")
  private AgentName name = AgentName.none;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "the most programs of an agent after the first; default ${DEFAULT-VALUE}")
  private int rounds = 3;

  @Option(
      names = "--match",
      paramLabel = "RUN",
      description =
          "with --agent resample: spend on each sample the tokens that this finished run spent")
  private @Nullable Path matched;

  @Option(
      names = "--blind",
      paramLabel = "WHAT",
      arity = "0..1",
      fallbackValue = "cases",
      description =
          "hide the scoring tests from the agent; it sees the docstring's cases (the default) or tests that the model writes itself: cases or tests")
  private @Nullable Visible blind;

  @Option(
      names = "--prompts",
      paramLabel = "DIR",
      description = "your own program.jinja, suggest.jinja, repair.jinja, tests.jinja, react.jinja")
  private @Nullable Path prompts;

  @Option(names = "--budget-tokens", paramLabel = "N", description = "the most tokens a sample")
  private @Nullable Long tokens;

  @Option(names = "--budget-calls", paramLabel = "N", description = "the most model calls a sample")
  private @Nullable Integer calls;

  @Option(names = "--budget-seconds", paramLabel = "S", description = "the most time a sample")
  private @Nullable Double seconds;

  /** An agent with what has to be closed behind it. */
  record Opened(Agent agent, @Nullable Documentation documentation) implements AutoCloseable {
    @Override
    public void close() {
      if (documentation != null) {
        documentation.close();
      }
    }
  }

  /** Returns whether an agent is asked for. */
  boolean isAsked() {
    return name != AgentName.none;
  }

  /** Refuses options that do not go together. */
  void check(CommandLine command, double temperature) {
    if (name == AgentName.resample && temperature == 0) {
      throw new ParameterException(
          command, "--agent resample needs --temperature above 0, such as 0.6");
    }
    if (matched != null && name != AgentName.resample) {
      throw new ParameterException(command, "--match goes with --agent resample");
    }
  }

  Opened open(PythonEnvironment python, Sandbox sandbox) {
    return switch (name) {
      case none -> new Opened(new OneShot(templates()), null);
      case codergen -> new Opened(new CoderGen(templates(), rounds), null);
      case resample -> new Opened(resampling(), null);
      case react -> {
        Path cache = Path.of(System.getProperty("user.home"), ".cache", "aicoder", "documentation");
        System.err.println("documentation of the installed libraries: " + cache);
        Documentation documentation = Documentation.open(cache, python, LIBRARIES, sandbox);
        List<Tool> tools =
            List.of(new ExecuteTool(sandbox, Limits.DEFAULT), new LookUpTool(documentation));
        yield new Opened(new ReAct(templates(), tools, rounds, ReAct.DEFAULT_TURNS), documentation);
      }
    };
  }

  private Resampling resampling() {
    return matched == null
        ? new Resampling(templates(), rounds)
        : Resampling.matching(templates(), SavedRun.read(matched).samples());
  }

  private PromptTemplates templates() {
    return prompts == null ? PromptTemplates.standard() : PromptTemplates.load(prompts);
  }

  Feedback feedback() {
    if (blind == null) {
      return new Feedback.ScoringTests();
    }
    return switch (blind) {
      case cases -> new Feedback.PublicCases();
      case tests -> new Feedback.OwnTests(templates());
    };
  }

  Budget budget() {
    return new Budget(
        null, tokens, calls, seconds == null ? null : Duration.ofMillis((long) (seconds * MILLIS)));
  }
}
