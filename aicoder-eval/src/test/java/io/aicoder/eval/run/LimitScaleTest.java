package io.aicoder.eval.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.eval.Examples;
import io.aicoder.eval.ScriptedModel;
import io.aicoder.eval.ScriptedSandbox;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.RealPython;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.sandbox.Termination;
import io.aicoder.eval.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LimitScaleTest {

  private static final long MIB = 1L << 20;
  private static final LimitScale SCALE =
      new LimitScale(4, limits(3, 256 * MIB), limits(60, 4096 * MIB));

  private static Limits limits(long seconds, long memory) {
    Duration time = Duration.ofSeconds(seconds);
    return new Limits(time, time, memory, 64, 64 * MIB, MIB);
  }

  /**
   * References take as many seconds as their number says, twice the processor time, 100 MiB each.
   */
  private static Execution measured(Task task, String stdout) {
    int number = Integer.parseInt(task.id().substring("test/".length()));
    return new Execution(
        stdout,
        "",
        new Termination.Exited(0),
        Duration.ofMillis(1000L * number + 1),
        Duration.ofMillis(2000L * number),
        number == 3 ? null : 100 * MIB * number);
  }

  /** A sandbox that measures, and remembers which limits each program had. */
  private static final class MeasuringSandbox implements Sandbox {

    final ConcurrentHashMap<String, Limits> allowed = new ConcurrentHashMap<>();

    @Override
    public Execution run(String program, Limits limits) {
      Task task =
          Examples.tasks(20).tasks().stream()
              .filter(t -> program.contains(t.callLine()))
              .findFirst()
              .orElseThrow();
      String who = program.contains("return x") ? "reference " : "answer ";
      allowed.put(who + task.id(), limits);
      return measured(task, ScriptedSandbox.cases(true, true, true).stdout());
    }

    Limits allowed(String who) {
      return Objects.requireNonNull(allowed.get(who), who);
    }

    @Override
    public String name() {
      return "measuring";
    }

    @Override
    public void close() {}
  }

  @Test
  void limitsFollowEachReferenceBetweenTheBoundsAndAreRecorded(@TempDir Path folder)
      throws IOException {
    MeasuringSandbox sandbox = new MeasuringSandbox();
    ScriptedModel model = new ScriptedModel(prompt -> "return answered");
    Evaluation.Builder run =
        Evaluation.builder()
            .setTasks(Examples.tasks(17))
            .setModel(model)
            .setSandbox(sandbox)
            .setFolder(folder)
            .optLimitScale(SCALE);

    RunResult result = run.build().run();

    assertThat(sandbox.allowed("reference test/5")).isEqualTo(SCALE.ceiling());
    assertThat(sandbox.allowed("answer test/0")).isEqualTo(limits(3, 256 * MIB));
    // 4 × 1.001 s, 4 × 2 s, 4 × 100 MiB in steps of 64
    Limits one = sandbox.allowed("answer test/1");
    assertThat(one.wall()).isEqualTo(Duration.ofSeconds(5));
    assertThat(one.cpu()).isEqualTo(Duration.ofSeconds(8));
    assertThat(one.memoryBytes()).isEqualTo(448 * MIB);
    assertThat(sandbox.allowed("answer test/3").memoryBytes()).isEqualTo(256 * MIB);
    assertThat(sandbox.allowed("answer test/16")).isEqualTo(limits(60, 4096 * MIB));
    assertThat(result.samples().get(1).limits()).isEqualTo(one.toString());
    assertThat(result.settings().get("limits")).isEqualTo(SCALE.toString());
    assertThat(Files.readString(folder.resolve("references.jsonl")))
        .contains("\"cpu_seconds\":2.0,\"memory_bytes\":" + 100 * MIB);

    model.requests.clear();
    assertThat(run.build().run()).isEqualTo(result);
    assertThat(model.requests).isEmpty();
    run.optLimitScale(new LimitScale(5, SCALE.floor(), SCALE.ceiling())).build().run();
    // Those at a bound keep their limits, and with them their samples.
    assertThat(model.requests).isNotEmpty().hasSizeLessThan(17);
  }

  @Test
  void withoutAScaleNothingIsRecorded(@TempDir Path folder) {
    Sample sample =
        Evaluation.builder()
            .setTasks(Examples.tasks(1))
            .setModel(new ScriptedModel(prompt -> "return answered"))
            .setSandbox(new MeasuringSandbox())
            .setFolder(folder)
            .build()
            .run()
            .samples()
            .get(0);
    assertThat(sample.limits()).isNull();
  }

  @Test
  void theRealSandboxMeasuresTimeAndMemory() {
    String idle = "x = 1\n";
    String busy =
        "import time\nend = time.process_time() + 0.3\nb = bytearray(300 << 20)\n"
            + "while time.process_time() < end: pass\ntime.sleep(0.3)\n";
    try (Sandbox sandbox = RealPython.sandboxOrSkip(1)) {
      Execution small = sandbox.run(idle, Limits.DEFAULT);
      Execution large = sandbox.run(busy, Limits.DEFAULT);
      Execution gone = sandbox.run("import os\nos._exit(0)\n", Limits.DEFAULT);

      assertThat(large.cpu()).isBetween(Duration.ofMillis(300), large.wall());
      assertThat(large.wall()).isGreaterThan(Duration.ofMillis(600));
      assertThat(small.memoryBytes()).isLessThan(64 * MIB);
      assertThat(large.memoryBytes()).isBetween(300 * MIB, 400 * MIB);
      assertThat(gone.memoryBytes()).isNull();
      assertThat(gone.cpu()).isNotNull();
      Execution again =
          sandbox.run(busy, limits(20, Objects.requireNonNull(large.memoryBytes()) + 64 * MIB));
      assertThat(again.termination()).isEqualTo(new Termination.Exited(0));
      Execution tight = sandbox.run(busy, limits(20, 200 * MIB));
      assertThat(tight.termination()).isEqualTo(new Termination.OutOfMemory());
    }
  }

  @Test
  void boundsAreChecked() {
    assertThatThrownBy(() -> new LimitScale(0.5, SCALE.floor(), SCALE.ceiling()))
        .hasMessage("factor is 0.5: it must be 1 or more");
    for (Limits floor : List.of(limits(61, MIB), limits(1, 5000 * MIB))) {
      assertThatThrownBy(() -> new LimitScale(2, floor, SCALE.ceiling()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is above the ceiling");
    }
  }
}
