package io.aicoder.eval.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.aicoder.eval.Examples;
import io.aicoder.eval.ScriptedModel;
import io.aicoder.eval.ScriptedSandbox;
import io.aicoder.eval.agent.CoderGen;
import io.aicoder.eval.report.HtmlReport;
import io.aicoder.eval.report.JsonReport;
import io.aicoder.eval.report.MarkdownReport;
import io.aicoder.eval.report.Report;
import io.aicoder.eval.sandbox.RealPython;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs in processes of their own that are killed as {@code kill -9} does, run out of disk, or may
 * not write. {@code -Daicoder.kills=50} kills as often as that.
 */
class KilledRunTest {

  private static final int KILLS = Integer.getInteger("aicoder.kills", 6);

  /** Enough that work is left after the last kill. */
  private static final int TASKS = 20 * KILLS;

  private static final List<String> REPORTS =
      List.of("run.json", "report.json", "report.md", "report.html");

  private final Path folder;

  KilledRunTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** The process that is killed: output folder and number of tasks. */
  public static void main(String[] arguments) {
    run(Path.of(arguments[0]), Integer.parseInt(arguments[1]), 5);
  }

  private static RunResult run(Path output, int tasks, int millis) {
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
        .setTasks(Examples.tasks(tasks))
        .setModel(model)
        .setSandbox(sandbox)
        .setFolder(output)
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
  void aKilledRunEndsWithTheReportsOfAnUndisturbedOne() throws Exception {
    Path output = folder.resolve("killed");
    Random random = new Random(1);
    int before = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Process process = start(output, TASKS);
      awaitSamples(process, output.resolve("samples.jsonl"), before + 1 + random.nextInt(8));
      pause(random.nextInt(20));
      process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      before = lines(output.resolve("samples.jsonl"));
    }
    assertThat(before).isBetween(KILLS, TASKS - 1);

    assertResumesAsUndisturbed(output, TASKS);
  }

  @Test
  void aRunWithoutDiskSpaceSaysSoAndGoesOnWhenThereIsSome() throws Exception {
    Path output = folder.resolve("full");
    int tasks = 60;
    // A file that may not grow stands for a disk that is full: 64 blocks of 1,024 bytes.
    Process process = start(output, tasks, "bash", "-c", "ulimit -f 64; exec \"$@\"", "bash");

    assertThat(failure(process))
        .contains("jsonl: cannot be read or written", "check the folder and the free space")
        .contains("finished samples are kept in " + output);
    assertThat(lines(output.resolve("samples.jsonl"))).isBetween(1, tasks - 1);
    assertResumesAsUndisturbed(output, tasks);
  }

  @Test
  void aFolderThatMayNotBeWrittenIsRefusedAndKept() throws Exception {
    RealPython.sandboxOrSkip(1).close(); // bubblewrap mounts it read-only, which holds for root too
    Path output = folder.resolve("kept");
    run(output, 4, 0);
    String samples = Files.readString(output.resolve("samples.jsonl"));
    Process process =
        start(output, 8, "bwrap", "--dev-bind", "/", "/", "--ro-bind", "" + output, "" + output);

    assertThat(failure(process))
        .contains("references.jsonl: cannot be read or written", "Read-only file system");
    assertThat(output.resolve("samples.jsonl")).content().isEqualTo(samples);
    assertResumesAsUndisturbed(output, 8);
  }

  private void assertResumesAsUndisturbed(Path output, int tasks) throws IOException {
    RunResult undisturbed = run(folder.resolve("undisturbed"), tasks, 0);
    RunResult resumed = run(output, tasks, 0);

    assertThat(lines(output.resolve("samples.jsonl"))).isEqualTo(tasks);
    write(folder.resolve("undisturbed"), undisturbed);
    write(output, resumed);
    for (String report : REPORTS) {
      assertThat(output.resolve(report))
          .as(report)
          .hasSameBinaryContentAs(folder.resolve("undisturbed").resolve(report));
    }
  }

  /** Writes all reports, without what a clock says. */
  private static void write(Path output, RunResult result) {
    RunResult timeless =
        RunResult.of(
            result.name(), result.samples().stream().map(Timeless::of).toList(), result.settings());
    Report report = new Report("Killed", List.of(), List.of(timeless));
    JsonReport.write(output.resolve("report.json"), report);
    MarkdownReport.write(output.resolve("report.md"), report);
    HtmlReport.write(output.resolve("report.html"), report);
  }

  private Process start(Path output, int tasks, String... prefix) throws IOException {
    List<String> command = new ArrayList<>(List.of(prefix));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(KilledRunTest.class.getName(), output.toString(), "" + tasks));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log().toFile())
        .start();
  }

  private Path log() {
    return folder.resolve("process.log");
  }

  /** Returns what a process says that ends with a failure. */
  private String failure(Process process) throws IOException, InterruptedException {
    boolean ended = process.waitFor(1, TimeUnit.MINUTES);
    process.destroyForcibly();
    String said = Files.readString(log());
    assertThat(ended).as(said).isTrue();
    assumeTrue(!said.startsWith("bwrap: "), said);
    assertThat(process.exitValue()).as(said).isEqualTo(1);
    return said;
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
}
