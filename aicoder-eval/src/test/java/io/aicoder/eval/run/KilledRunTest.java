package io.aicoder.eval.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.eval.Examples;
import io.aicoder.eval.ScriptedModel;
import io.aicoder.eval.ScriptedSandbox;
import io.aicoder.eval.agent.CoderGen;
import io.aicoder.eval.metric.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs in processes of their own that are killed as {@code kill -9} does. */
class KilledRunTest {

  private static final int TASKS = 120;
  private static final int KILLS = 6;

  /** The process that is killed: one argument, the output folder. */
  public static void main(String[] arguments) {
    run(Path.of(arguments[0]), 5);
  }

  private static RunResult run(Path folder, int millis) {
    ScriptedModel model =
        new ScriptedModel(
            prompt -> {
              pause(millis);
              return prompt.startsWith("Suggest") ? "Try." : "return " + prompt.length();
            });
    ScriptedSandbox sandbox =
        new ScriptedSandbox(
            program ->
                program.contains("return x")
                    ? ScriptedSandbox.cases(true, true, true)
                    : ScriptedSandbox.cases(false, program.contains("3"), true));
    return Evaluation.builder()
        .setTasks(Examples.tasks(TASKS))
        .setModel(model)
        .setSandbox(sandbox)
        .setFolder(folder)
        .optAgent(new CoderGen())
        .optWorkers(2)
        .build()
        .run();
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aKilledRunLosesNothingAndCountsNothingTwice(@TempDir Path folder) throws Exception {
    RunResult undisturbed = run(folder.resolve("undisturbed"), 0);
    Path output = folder.resolve("killed");
    Random random = new Random(1);
    int before = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Process process = start(output);
      awaitSamples(process, output.resolve("samples.jsonl"), before + 1 + random.nextInt(8));
      process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      before = lines(output.resolve("samples.jsonl"));
    }
    assertThat(before).isBetween(KILLS, TASKS - 1);

    RunResult resumed = run(output, 0);

    assertThat(resumed.samples())
        .extracting(KilledRunTest::outcome)
        .isEqualTo(undisturbed.samples().stream().map(KilledRunTest::outcome).toList());
    assertThat(resumed.scores().srAll()).isEqualTo(undisturbed.scores().srAll());
    assertThat(resumed.scores().tokens()).isEqualTo(undisturbed.scores().tokens());
    assertThat(lines(output.resolve("samples.jsonl"))).isEqualTo(TASKS);
  }

  private static Process start(Path output) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(KilledRunTest.class.getName(), output.toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static void awaitSamples(Process process, Path file, int count) throws IOException {
    while (process.isAlive() && lines(file) < count) {
      pause(2);
    }
    assertThat(process.isAlive()).as("the run has still work to do").isTrue();
  }

  private static int lines(Path file) throws IOException {
    return Files.exists(file)
        ? (int) Files.readString(file).chars().filter(c -> c == '\n').count()
        : 0;
  }

  /** A sample as text, without what a clock says. */
  private static String outcome(Sample sample) {
    return sample.toString().replaceAll("(generateSeconds|executeSeconds)=[^,\\]]*", "");
  }
}
