package io.aicoder.eval.run;

import static io.aicoder.eval.ScriptedSandbox.cases;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.Examples;
import io.aicoder.eval.ScriptedModel;
import io.aicoder.eval.ScriptedSandbox;
import io.aicoder.eval.agent.Budget;
import io.aicoder.eval.agent.CoderGen;
import io.aicoder.eval.agent.Feedback;
import io.aicoder.eval.agent.GenerationOptions;
import io.aicoder.eval.metric.ExitStatus;
import io.aicoder.eval.metric.Rate;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Termination;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EvaluationTest {

  private static final int TASKS = 12;

  private final Path folder;
  private final ScriptedModel model = new ScriptedModel(EvaluationTest::answer);
  private final ScriptedSandbox sandbox = new ScriptedSandbox(EvaluationTest::fare);

  EvaluationTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static String answer(String prompt) {
    if (prompt.startsWith("Suggest")) {
      return "Try again.";
    }
    return prompt.startsWith("Repair") ? "return repaired" : "return answered";
  }

  /** References pass; of the answers those for f0 to f5, of the repaired ones those up to f8. */
  private static Execution fare(String program) {
    int number = Integer.parseInt(program.replaceFirst("(?s).*test_f(\\d+)\\(\\)\n$", "$1"));
    boolean passes =
        program.contains("return x")
            || (program.contains("return answered") && number < 6)
            || (program.contains("return repaired") && number < 9);
    return passes ? cases(true, true, true) : cases(false, number % 2 == 0, false);
  }

  private Evaluation.Builder builder(Path output) {
    return Evaluation.builder()
        .setTasks(Examples.tasks(TASKS))
        .setModel(model)
        .setSandbox(sandbox)
        .setFolder(output)
        .optAgent(new CoderGen())
        .optWorkers(3);
  }

  private static List<Sample> timeless(List<Sample> samples) {
    return samples.stream().map(Timeless::of).toList();
  }

  @Test
  void scoresAModelWithItsAgent() {
    RunResult result = builder(folder).build().run();

    assertThat(result.name()).isEqualTo("scripted + codergen");
    assertThat(result.scores().srAll()).isEqualTo(new Rate(9, TASKS));
    assertThat(result.scores().srAny()).isEqualTo(new Rate(10, TASKS));
    assertThat(result.scores().verdicts())
        .containsExactlyInAnyOrderEntriesOf(Map.of("passed", 9, "partial", 1, "wrong", 2));
    assertThat(result.byDomain().keySet()).containsExactly("even", "odd");
    assertThat(result.samples()).extracting(Sample::taskId).isEqualTo(Examples.tasks(TASKS).ids());
    assertThat(result.samples().get(7).steps()).hasSize(2);
    assertThat(result.settings())
        .containsEntry("agent", "codergen")
        .containsEntry("model_fingerprint", "scripted-null")
        .containsEntry("tasks", "12")
        .containsEntry("not_runnable", "none");
  }

  @Test
  void aBlindRunSaysSoAndIsKeptApart() {
    builder(folder).build().run();
    model.requests.clear();
    RunResult blind = builder(folder).optFeedback(new Feedback.PublicCases()).build().run();

    assertThat(model.requests).isNotEmpty();
    assertThat(blind.settings()).containsEntry("feedback", "public cases (blind)");
    assertThat(blind.samples())
        .allSatisfy(sample -> assertThat(sample.steps()).filteredOn(Step::isScored).hasSize(1));
    assertThat(blind.samples().get(0).exit()).isEqualTo(ExitStatus.SOLVED);
    assertThat(builder(folder).build().run().settings())
        .containsEntry("feedback", "scoring tests (not blind)");
    assertThat(builder(folder).optFeedback(new Feedback.PublicCases()).build().run())
        .isEqualTo(blind);
  }

  @Test
  void aBudgetIsPartOfTheSettings() {
    RunResult result = builder(folder).optBudget(new Budget(null, null, 1, null)).build().run();
    assertThat(model.requests).hasSize(TASKS);
    assertThat(result.settings().get("budget")).contains("calls=1");
    assertThat(result.samples().get(7).exit()).isEqualTo(ExitStatus.CALLS);
  }

  @Test
  void anUnchangedRunCostsNothing() {
    RunResult first = builder(folder).build().run();
    model.requests.clear();
    sandbox.programs.clear();

    RunResult again = builder(folder).optWorkers(1).build().run();

    assertThat(again).isEqualTo(first);
    assertThat(model.requests).isEmpty();
    assertThat(sandbox.programs).isEmpty();
  }

  @Test
  void whatDecidesTheOutcomeMakesSamplesAnew() {
    builder(folder).build().run();
    model.requests.clear();

    builder(folder).optOptions(GenerationOptions.GREEDY.withAdapter("mine")).build().run();
    assertThat(model.requests).isNotEmpty();
    model.requests.clear();
    builder(folder).optSeed(99).build().run();
    assertThat(model.requests).isEmpty();
    builder(folder).optEnvironment("Python 4").build().run();
    assertThat(model.requests).isNotEmpty();
    model.requests.clear();
    builder(folder).optOptions(GenerationOptions.PAPER).optSeed(1).optSamples(2).build().run();
    assertThat(model.requests).isNotEmpty();
    model.requests.clear();
    builder(folder).optOptions(GenerationOptions.PAPER).optSeed(2).build().run();
    assertThat(model.requests).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 17})
  void aRunThatBrokeOffGoesOnWhereItStopped(int answers) throws IOException {
    RunResult undisturbed = builder(folder.resolve("undisturbed")).build().run();
    AtomicInteger left = new AtomicInteger(answers);
    ScriptedModel mortal =
        new ScriptedModel(
            prompt -> {
              if (left.getAndDecrement() <= 0) {
                throw new AiCoderException(ErrorCategory.EXECUTION, "the model is gone");
              }
              return answer(prompt);
            });
    Path output = folder.resolve("resumed");

    assertThatThrownBy(() -> builder(output).setModel(mortal).build().run())
        .isInstanceOf(AiCoderException.class)
        .hasMessageMatching(
            "task test/\\d+, sample 0: the model is gone \\(finished samples are kept in .*\\)");
    int kept = Files.readAllLines(output.resolve("samples.jsonl")).size();
    model.requests.clear();
    RunResult resumed = builder(output).build().run();

    assertThat(timeless(resumed.samples())).isEqualTo(timeless(undisturbed.samples()));
    assertThat(resumed.scores().srAll()).isEqualTo(undisturbed.scores().srAll());
    assertThat(resumed.settings()).isEqualTo(undisturbed.settings());
    assertThat(model.requests.stream().map(ScriptedModel::prompt))
        .filteredOn(prompt -> prompt.startsWith("import"))
        .hasSize(TASKS - kept);
  }

  @Test
  void whatABrokenTrajectoryTriedIsKeptForPeople() throws IOException {
    ScriptedModel mute =
        new ScriptedModel(
            prompt -> {
              if (prompt.startsWith("Suggest")) {
                throw new AiCoderException(ErrorCategory.EXECUTION, "the model is gone");
              }
              return answer(prompt);
            });
    assertThatThrownBy(() -> builder(folder).setModel(mute).optWorkers(1).build().run())
        .hasMessageContaining("task test/6");
    assertThat(Files.readAllLines(folder.resolve("unfinished.jsonl")))
        .singleElement()
        .asString()
        .contains("\"error\":\"the model is gone\"", "\"task_id\":\"test/6\"");
    assertThat(Files.readAllLines(folder.resolve("samples.jsonl"))).hasSize(6);
  }

  @Test
  void samplesThatTheSurroundingsSpoiltAreMadeAgain() {
    AtomicInteger runs = new AtomicInteger();
    ScriptedSandbox flaky =
        new ScriptedSandbox(
            program ->
                program.contains("return answered") && runs.getAndIncrement() == 0
                    ? new Execution("", "", new Termination.SandboxFailure("lost"), Duration.ZERO)
                    : fare(program));
    RunResult spoilt = builder(folder).setSandbox(flaky).build().run();
    assertThat(spoilt.scores().verdicts()).containsEntry("infrastructure", 1);
    assertThat(spoilt.scores().srAll().total()).isEqualTo(TASKS - 1);

    RunResult again = builder(folder).setSandbox(flaky).build().run();
    assertThat(again.scores().srAll()).isEqualTo(new Rate(9, TASKS));
    assertThat(builder(folder).setSandbox(flaky).build().run()).isEqualTo(again);
  }

  @Test
  void anInterruptedRunKeepsItsSamples() {
    Thread caller = Thread.currentThread();
    ScriptedModel interrupting =
        new ScriptedModel(
            prompt -> {
              caller.interrupt();
              return answer(prompt);
            });
    assertThatThrownBy(() -> builder(folder).setModel(interrupting).build().run())
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("interrupted");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(builder(folder).build().run().scores().srAll()).isEqualTo(new Rate(9, TASKS));
  }

  @Test
  void aGateServesSeveralRuns() {
    GateReport gate =
        new GroundTruthGate(sandbox, Limits.DEFAULT, "", 2, ProgressListener.SILENT)
            .check(Examples.tasks(TASKS), List.of(), null);
    sandbox.programs.clear();
    builder(folder).optAgent(new CoderGen()).optGate(gate).build().run();
    assertThat(sandbox.programs).noneMatch(program -> program.contains("return x"));
    assertThatThrownBy(
            () -> builder(folder).setTasks(Examples.tasks(TASKS + 1)).optGate(gate).build().run())
        .hasMessageContaining("the gate has not checked task test/12");
  }

  @Test
  void excludedTasksAreNotScored() {
    RunResult result = builder(folder).optExcluded(List.of("test/0", "test/11")).build().run();
    assertThat(result.samples()).hasSize(TASKS - 2);
    assertThat(result.settings()).containsEntry("excluded", "test/0, test/11");
  }

  @Test
  void refusesSettingsThatDoNotGoTogether() {
    assertThatThrownBy(() -> builder(folder).optSamples(3).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("temperature 0");
    assertThatThrownBy(() -> Evaluation.builder().build())
        .hasMessageContaining("either a model or answers");
    assertThatThrownBy(() -> Evaluation.builder().setModel(model).build())
        .hasMessageContaining("tasks is not set");
    assertThatThrownBy(() -> builder(folder).optWorkers(0).build())
        .hasMessageContaining("workers is 0");
  }
}
