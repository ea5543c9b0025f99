package io.aicoder.eval.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the weaker sandbox promises: limits hold, nothing stays running, nothing stays on disk. */
class ProcessSandboxTest {

  private static final Limits QUICK =
      new Limits(Duration.ofSeconds(3), Duration.ofSeconds(20), 1L << 30, 32, 1 << 20, 100_000);

  private static ProcessSandbox sandbox;

  @BeforeAll
  static void open() {
    sandbox = ProcessSandbox.builder().optPython(RealPython.orSkip()).optWorkers(1).build();
  }

  @AfterAll
  static void close() {
    if (sandbox != null) {
      sandbox.close();
    }
  }

  private static Execution run(String program) {
    return sandbox.run(program, QUICK);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Execution next = run("import os; print(os.getcwd(), os.listdir('.'))");
    assertThat(next.termination()).isEqualTo(new Termination.Exited(0));
    assertThat(next.stdout()).endsWith("/program ['program.py']\n");
    assertThat(Path.of(next.stdout().split(" ", 2)[0]).getParent()).doesNotExist();
    assertThat(
            ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains("left-behind")))
        .isEmpty();
  }

  @Test
  void runsAProgram() {
    assertThat(run("import numpy; print(numpy.arange(4).sum())"))
        .extracting(Execution::stdout, Execution::stderr, Execution::termination)
        .containsExactly("6\n", "", new Termination.Exited(0));
  }

  @Test
  void tracebacksShowTheProgramAndNothingElse() {
    assertThat(run("1 / 0").stderr().replaceAll(" +[~^]+\n", ""))
        .isEqualTo(
            """
            Traceback (most recent call last):
              File "program.py", line 1, in <module>
                1 / 0
            ZeroDivisionError: division by zero
            """);
    assertThat(run("x = (").stderr()).startsWith("  File \"program.py\", line 1\n    x = (\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "while True: pass",
        "import time; time.sleep(100)",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
      })
  void whatDoesNotEndIsEnded(String program) {
    assertThat(run(program).termination()).isEqualTo(new Termination.TimedOut());
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytearray(100 * 2**30)", "import numpy; numpy.ones(10**11)"})
  void tooMuchMemoryIsRefused(String program) {
    assertThat(run(program).termination()).isEqualTo(new Termination.OutOfMemory());
  }

  @Test
  void endlessOutputIsCut() {
    assertThat(run("while True: print('x' * 1000)").termination())
        .isEqualTo(new Termination.OutputLimit());
  }

  @Test
  void aFileEndsAtItsLimit() {
    assertThat(run("open('big', 'wb').write(bytes(2 << 20))").stderr())
        .contains("OSError: [Errno 27] File too large");
  }

  @Test
  void aDaemonLeftBehindIsGone() {
    Execution execution =
        run(
            """
            import os, subprocess, time
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.execvp('sh', ['sh', '-c', 'sleep 100; : left-behind'])
                os._exit(0)
            os.wait()
            time.sleep(0.2)
            """);
    assertThat(execution.termination()).isEqualTo(new Termination.Exited(0));
  }

  @Test
  void hardToRemoveFoldersAreRemoved() {
    String program =
        """
        import os
        os.makedirs('a/b')
        os.chmod('a', 0)
        os.symlink('/usr', 'usr')
        for _ in range(1500):
            os.mkdir('d')
            os.chdir('d')
        """;
    assertThat(run(program).termination()).isEqualTo(new Termination.Exited(0));
    assertThat(Path.of("/usr/bin")).exists();
  }

  @Test
  void killingTheRunnerDoesNotHelp() {
    Execution execution =
        run(
            """
            import os, time
            if os.fork() == 0:
                os.setsid()
                os.execvp('sh', ['sh', '-c', 'sleep 100; : left-behind'])
            time.sleep(0.2)
            os.kill(os.getppid(), 9)
            """);
    // Root's runner cannot be killed by its program, which is nobody.
    assertThat(execution.termination())
        .isIn(List.of(new Termination.Signalled(9), new Termination.Exited(1)));
  }

  @ParameterizedTest
  @CsvSource({"3, 3", "0, 0", "300, 44"})
  void exitCodesAreThoseOfPython(int code, int seen) {
    assertThat(run("import sys; sys.exit(%d)".formatted(code)).termination())
        .isEqualTo(new Termination.Exited(seen));
  }

  @Test
  void theEnvironmentIsNotTheCallers() {
    String names = run("import os; print(*sorted(os.environ))").stdout();
    assertThat(names.strip().split(" ")).contains("HOME", "PATH").doesNotContain("JAVA_HOME");
    assertThat(System.getenv()).isNotEmpty();
    assertThat(Files.exists(Path.of("/tmp"))).isTrue();
  }
}
