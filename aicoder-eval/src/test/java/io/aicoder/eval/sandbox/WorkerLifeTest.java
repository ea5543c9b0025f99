package io.aicoder.eval.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Workers start, are replaced and end; nothing stays behind. */
class WorkerLifeTest {

  /** Prints when the worker's first process started: another worker, another time. */
  private static final String WHICH_WORKER =
      "print(open('/proc/1/stat').read().rsplit(')')[1].split()[19])";

  private static final Limits LIMITS = Limits.DEFAULT;

  @BeforeAll
  static void bubblewrapIsHere() {
    RealPython.sandboxOrSkip(1).close();
  }

  /** The runners that this process and its children have. */
  private static List<ProcessHandle> runners() {
    return ProcessHandle.current()
        .descendants()
        .filter(
            process ->
                process
                    .info()
                    .arguments()
                    .map(List::of)
                    .orElse(List.of())
                    .toString()
                    .contains("runner did not arrive"))
        .toList();
  }

  private static String worker(Sandbox sandbox, Limits limits) {
    Execution execution = sandbox.run(WHICH_WORKER, limits);
    assertThat(execution.termination()).isEqualTo(new Termination.Exited(0));
    return execution.stdout();
  }

  @Test
  void aWorkerServesManyProgramsAndIsThenReplaced() {
    try (Sandbox sandbox =
        BubblewrapSandbox.builder()
            .optPython(RealPython.orSkip())
            .optWorkers(1)
            .optProgramsPerWorker(2)
            .build()) {
      String first = worker(sandbox, LIMITS);
      assertThat(worker(sandbox, LIMITS)).isEqualTo(first);
      assertThat(worker(sandbox, LIMITS)).isNotEqualTo(first);
    }
  }

  @Test
  void aWorkerOutlivesTheThreadThatNeededIt() throws Exception {
    try (Sandbox sandbox = RealPython.sandboxOrSkip(2)) {
      // Two at once, so that the second worker is started from one of these threads.
      Executor ownThread = task -> new Thread(task).start();
      String slow = "import time; time.sleep(1)\n" + WHICH_WORKER;
      CompletableFuture<Execution> one =
          CompletableFuture.supplyAsync(() -> sandbox.run(slow, LIMITS), ownThread);
      CompletableFuture<Execution> other =
          CompletableFuture.supplyAsync(() -> sandbox.run(slow, LIMITS), ownThread);
      assertThat(one.get().stdout()).isNotEqualTo(other.get().stdout());
      Thread.sleep(300);
      List<String> again =
          List.of(
                  CompletableFuture.supplyAsync(() -> sandbox.run(slow, LIMITS), ownThread),
                  CompletableFuture.supplyAsync(() -> sandbox.run(slow, LIMITS), ownThread))
              .stream()
              .map(run -> run.join().stdout())
              .toList();
      assertThat(again).containsExactlyInAnyOrder(one.get().stdout(), other.get().stdout());
    }
  }

  @Test
  void programsWithOtherLibrariesHaveAnotherWorkerAndTheFirstOneWaits() {
    try (Sandbox sandbox = RealPython.sandboxOrSkip(1)) {
      String modules = "import sys\nprint('numpy' in sys.modules, 'torch' in sys.modules)";
      String plain = worker(sandbox, LIMITS);
      assertThat(sandbox.run(modules, LIMITS).stdout()).isEqualTo("False False\n");
      assertThat(sandbox.run("if 0:\n  import scipy\n" + modules, LIMITS).stdout())
          .isEqualTo("True False\n");
      assertThat(sandbox.run("if 0:\n  import torch\n" + modules, LIMITS).stdout())
          .isEqualTo("True True\n");
      assertThat(worker(sandbox, LIMITS)).isEqualTo(plain);
      assertThat(sandbox.run("if 0:\n  import seaborn\n", LIMITS).termination())
          .as("a fourth kind takes the place of the one that has been idle longest")
          .isEqualTo(new Termination.Exited(0));
      assertThat(worker(sandbox, LIMITS)).isEqualTo(plain);
      assertThat(runners().size()).as("a runner has up to three processes").isLessThanOrEqualTo(9);
    }
  }

  @Test
  void figuresAreDrawnThoughTheFolderOfCachesIsGone() {
    try (Sandbox sandbox = RealPython.sandboxOrSkip(1)) {
      String program =
          """
          import os
          import matplotlib.pyplot as plt
          plt.plot([1, 2])
          plt.title('text')
          plt.savefig('figure.png')
          print(os.path.getsize('figure.png') > 1000)
          """;
      assumeTrue(RealPython.orSkip().provides("matplotlib"), "matplotlib is not installed");
      for (int time = 0; time < 2; time++) {
        Execution execution = sandbox.run(program, LIMITS);
        assertThat(execution.stderr()).isEmpty();
        assertThat(execution.stdout()).isEqualTo("True\n");
      }
    }
  }

  @Test
  void anotherFileLimitMeansAnotherWorker() {
    Limits small =
        new Limits(LIMITS.wall(), LIMITS.cpu(), LIMITS.memoryBytes(), 64, 1 << 20, 1 << 20);
    try (Sandbox sandbox = RealPython.sandboxOrSkip(1)) {
      String first = worker(sandbox, LIMITS);
      assertThat(worker(sandbox, small)).isNotEqualTo(first);
      assertThat(sandbox.run("open('x', 'wb').write(bytes(2 << 20))", small).stderr())
          .contains("OSError");
    }
  }

  @Test
  void closingEndsEverything() throws Exception {
    BubblewrapSandbox sandbox = RealPython.sandboxOrSkip(1);
    CompletableFuture<Execution> running =
        CompletableFuture.supplyAsync(
            () -> sandbox.run("import os, time\nos.fork()\ntime.sleep(100)", LIMITS));
    Thread.sleep(1000);
    List<ProcessHandle> before = runners();
    assertThat(before).isNotEmpty();
    sandbox.close();
    assertThatThrownBy(running::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(AiCoderException.class)
        .hasMessageContaining("the sandbox is closed");
    assertAllEnd(before);
    assertThatThrownBy(() -> sandbox.run("print(1)", LIMITS))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.EXECUTION));
  }

  private static void assertAllEnd(List<ProcessHandle> processes) throws InterruptedException {
    for (int tries = 0;
        tries < 100 && processes.stream().anyMatch(ProcessHandle::isAlive);
        tries++) {
      Thread.sleep(50);
    }
    assertThat(processes).noneMatch(ProcessHandle::isAlive);
  }

  @Test
  void aWorkerThatDiedWhileIdleIsReplacedUnseen() throws Exception {
    try (Sandbox sandbox = RealPython.sandboxOrSkip(1)) {
      List<ProcessHandle> before = runners();
      before.forEach(ProcessHandle::destroyForcibly);
      assertAllEnd(before);
      assertThat(worker(sandbox, LIMITS)).isNotEmpty();
    }
  }

  @Test
  void aKilledJavaLeavesNothingBehind() throws Exception {
    assertJavaLeavesNothing(BubblewrapSandbox.class);
  }

  @Test
  void aKilledJavaLeavesNoPlainProcessEither() throws Exception {
    assertJavaLeavesNothing(ProcessSandbox.class);
  }

  private static void assertJavaLeavesNothing(Class<? extends Sandbox> kind) throws Exception {
    Process java =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                kind.getSimpleName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(java.inputReader().readLine()).isEqualTo("running");
    List<ProcessHandle> below = java.descendants().toList();
    assertThat(below).hasSizeGreaterThanOrEqualTo(2);
    java.destroyForcibly().waitFor();
    assertAllEnd(below);
  }

  /** A program of its own that holds a sandbox with a program in it until it is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws Exception {
      PythonEnvironment python = PythonEnvironment.find();
      Sandbox sandbox =
          args[0].equals("ProcessSandbox")
              ? ProcessSandbox.builder().optPython(python).optWorkers(1).build()
              : BubblewrapSandbox.builder().optPython(python).optWorkers(1).build();
      Thread run =
          new Thread(
              () -> sandbox.run("import os, time\nos.fork()\nos.setsid\ntime.sleep(100)", LIMITS));
      run.start();
      Thread.sleep(1500);
      System.out.println("running");
      run.join();
    }
  }

  @Test
  void withoutBubblewrapThereIsARemedy() {
    Machine bare =
        new Machine(List.of(Path.of("/nowhere")), List.of(), null, Path.of("/nowhere"), false);
    assertThatThrownBy(() -> BubblewrapSandbox.builder().optPython(RealPython.orSkip()).build(bare))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT))
        .hasMessage(
            "bubblewrap is not installed: run `sudo apt-get install bubblewrap`, or ask for"
                + " ProcessSandbox by name");
  }

  @Test
  void aRunnerThatDoesNotStartSaysWhy() throws IOException {
    PythonEnvironment real = RealPython.orSkip();
    PythonEnvironment broken =
        new PythonEnvironment(
            Path.of("/usr/bin/false-python"),
            "3",
            real.prefixes(),
            real.libraries(),
            real.modules());
    Machine machine =
        new Machine(Machine.here().searchPath(), List.of(), null, Path.of("/nowhere"), false);
    assertThatThrownBy(() -> BubblewrapSandbox.builder().optPython(broken).build(machine))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT))
        .hasMessageContaining("/usr/bin/false-python")
        .hasMessageContaining("No such file or directory");
  }

  @Test
  void anInterpreterOutsideOfUsrIsBroughtAlong() throws Exception {
    Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "aicoder-venv-");
    try {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      assumeTrue(
          succeeds(
              RealPython.orSkip().interpreter().toString(),
              "-m",
              "venv",
              "--without-pip",
              "--system-site-packages",
              folder.toString()),
          "this Python has no venv");
      Machine here = Machine.here();
      Machine machine =
          new Machine(
              here.searchPath(),
              List.of(),
              folder.resolve("bin/python3"),
              here.cache(),
              here.root());
      PythonEnvironment python = new PythonSearch(machine, line -> {}).find();
      assertThat(python.prefixes()).contains(folder);
      try (Sandbox sandbox = BubblewrapSandbox.builder().optPython(python).optWorkers(1).build()) {
        Execution execution = sandbox.run("import sys, torch; print(sys.prefix)", LIMITS);
        assertThat(execution.stderr()).isEmpty();
        assertThat(execution.stdout()).isEqualTo(folder + "\n");
      }
    } finally {
      assertThat(succeeds("rm", "-r", folder.toString())).isTrue();
    }
  }

  private static boolean succeeds(String... command) throws Exception {
    return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
  }

  @Test
  void anInterpreterInTmpIsRefused() throws Exception {
    PythonEnvironment real = RealPython.orSkip();
    Path folder = Files.createTempDirectory(Path.of("/tmp"), "interpreter");
    try {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      PythonEnvironment inTmp =
          new PythonEnvironment(
              folder.resolve("bin/python3"),
              "3",
              List.of(folder),
              real.libraries(),
              real.modules());
      assertThatThrownBy(() -> BubblewrapSandbox.builder().optPython(inTmp).build())
          .isInstanceOf(AiCoderException.class)
          .hasMessageContaining("a /tmp of its own");
    } finally {
      Files.delete(folder);
    }
  }
}
