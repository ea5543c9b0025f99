package io.aicoder.eval.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs behave as with {@code python3 program.py}, one after the other and at once. */
class BubblewrapSandboxTest {

  private static BubblewrapSandbox sandbox;

  @BeforeAll
  static void open() {
    sandbox = RealPython.sandboxOrSkip(2);
  }

  @AfterAll
  static void close() {
    if (sandbox != null) {
      sandbox.close();
    }
  }

  private static Execution run(String program) {
    return sandbox.run(program, Limits.DEFAULT);
  }

  private static void assertPrints(String program, String expected) {
    Execution execution = run(program);
    assertThat(execution.stderr()).isEmpty();
    assertThat(execution.stdout()).isEqualTo(expected);
    assertThat(execution.termination()).isEqualTo(new Termination.Exited(0));
  }

  @Test
  void runsAProgram() {
    assertPrints("print(6 * 7)\nprint('é')", "42\né\n");
  }

  @Test
  void theLibrariesAreThere() {
    assertPrints(
        """
        import numpy as np, pandas as pd, scipy.stats, sklearn.svm, torch
        from PIL import Image
        print(np.arange(3).sum(), pd.Series([1, 2]).mean(), torch.ones(2).sum().item())
        """,
        "3 1.5 2.0\n");
  }

  @Test
  void exitCodesAreThoseOfPython() {
    assertThat(run("import sys; sys.exit(3)").termination()).isEqualTo(new Termination.Exited(3));
    assertThat(run("raise SystemExit").termination()).isEqualTo(new Termination.Exited(0));
    assertThat(run("import os; os._exit(7)").termination()).isEqualTo(new Termination.Exited(7));
    Execution text = run("import sys; sys.exit('enough')");
    assertThat(text.termination()).isEqualTo(new Termination.Exited(1));
    assertThat(text.stderr()).isEqualTo("enough\n");
    assertThat(run("import os; os.kill(os.getpid(), 11)").termination())
        .isEqualTo(new Termination.Signalled(11));
  }

  @Test
  void tracebacksShowTheProgramAndNothingElse() {
    Execution execution = run("def divide(a, b):\n    return a / b\n\nprint('on')\ndivide(1, 0)\n");
    assertThat(execution.stdout()).isEqualTo("on\n");
    assertThat(execution.stderr().replaceAll(" +[~^]+\n", ""))
        .isEqualTo(
            """
            Traceback (most recent call last):
              File "program.py", line 5, in <module>
                divide(1, 0)
              File "program.py", line 2, in divide
                return a / b
            ZeroDivisionError: division by zero
            """);
    assertThat(execution.termination()).isEqualTo(new Termination.Exited(1));
  }

  /** Programs whose output, errors and exit code are held against those of a real interpreter. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "x = (1,\nprint('never')",
        "def f():\nreturn 1",
        "x = 1 +\n",
        "print('tab')\n  print('indent')",
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    {}['key']",
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('x') from e",
        "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
        "class Odd(BaseException): pass\nraise Odd('two\\nlines')",
        "import os\nos.chdir('/')\n1 / 0",
        "assert 1 == 2, 'no'",
        "def f(n):\n    return f(n + 1)\nf(0)",
        "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1 / 0",
        "import atexit\natexit.register(print, 'at exit')\nprint('on')\nraise KeyError('x')",
        "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('done'))).start()",
        "class A:\n    def __del__(self): print('deleted')\na = A()",
        "import sys\nsys.exit(300)",
        "import sys\nsys.exit(-1)",
        "import sys\nsys.exit([1, 2])",
        "import sys\nsys.stderr.write('no newline')\nsys.exit()",
        "if __name__ == '__main__':\n    print(__name__, __spec__, __doc__, __annotations__)",
        "import os, sys\nprint(sys.argv, os.listdir('.'), os.path.basename(__file__))",
        "import sys, __main__\nx = 5\nprint(__main__.x, sys.modules['__main__'] is __main__)",
        "input('say: ')",
        "import sys\nprint(repr(sys.stdin.read()), sys.stdout.isatty())",
        "import sys\nsys.stdout.close()",
        "from __future__ import annotations\ndef f(x: nonsense): ...\nprint(f.__annotations__)",
        "# -*- coding: latin-1 -*-\nprint('\u00e9')",
        "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))",
        "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))).__name__)",
        "from multiprocessing import Pool\ndef f(x): return x * x\nwith Pool(2) as p: print(p.map(f, range(4)))",
        "from concurrent.futures import ThreadPoolExecutor as E\nwith E(2) as e: print(*e.map(abs, [-1, 2]))",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self): pass\nunittest.main(argv=['x'], verbosity=0, exit=False)",
        "import warnings, numpy\nprint(numpy.array([1.0]) / 0)",
        "import torch\ntorch.ones(2, 3) @ torch.ones(2, 3)",
        "import numpy as np\nnp.zeros(3).reshape(2, 2)",
        "import pandas as pd\npd.DataFrame({'a': [1]})['b']",
        "import nothing_of_this_name",
        "import torch\nprint(torch.ones(2), torch.get_num_threads())",
      })
  void behavesAsPythonDoes(String program, @TempDir Path scratch) throws Exception {
    assertThat(normal(run(program))).isEqualTo(normal(python(program, scratch)));
  }

  /** What the interpreter itself makes of a program, in the same environment. */
  private static Execution python(String program, Path scratch) throws Exception {
    Path folder = Files.createDirectory(scratch.resolve("program"));
    Path stdout = scratch.resolve("stdout");
    Path stderr = scratch.resolve("stderr");
    Files.writeString(folder.resolve("program.py"), program);
    ProcessBuilder builder =
        new ProcessBuilder(
                RealPython.orSkip().interpreter().toString(), "-W", "ignore", "program.py")
            .directory(folder.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectError(stderr.toFile())
            .redirectOutput(stdout.toFile());
    builder.environment().clear();
    builder
        .environment()
        .putAll(InterpreterSettings.environment(RealPython.orSkip(), scratch.toString()));
    int code = builder.start().waitFor();
    return new Execution(
        Files.readString(stdout),
        // Python shows the script's absolute path
        Files.readString(stderr).replace(folder + "/", ""),
        new Termination.Exited(code),
        Duration.ZERO);
  }

  private static String normal(Execution execution) {
    String stderr = execution.stderr().replaceAll("in [0-9.]+s", "in N s");
    return execution.stdout() + "---\n" + stderr + "---\n" + execution.termination();
  }

  @Test
  void programsDoNotSeeEachOther() {
    run(
        """
        import os, sys, numpy, torch, builtins, random
        numpy.random.seed(1)
        torch.manual_seed(1)
        numpy.left_behind = sys.left_behind = builtins.left_behind = 1
        numpy.sum = None
        os.environ['LEFT'] = '1'
        sys.path.insert(0, '/left')
        sys.setrecursionlimit(5000)
        open('/tmp/left', 'w').close()
        open('helper.py', 'w').write('x = 1')
        os.chdir('/')
        """);
    assertPrints(
        """
        import os, sys, numpy, torch, builtins
        print([hasattr(m, 'left_behind') for m in (numpy, sys, builtins)], numpy.sum([1, 2]))
        print('LEFT' in os.environ, '/left' in sys.path, sys.getrecursionlimit() < 1010, os.getcwd())
        print(os.path.exists('/tmp/left'), os.listdir('.'), torch.initial_seed() == 1)
        state = numpy.random.rand()
        numpy.random.seed(1)
        print(state == numpy.random.rand())
        """,
        """
        [False, False, False] 3
        False False True /tmp/program
        False ['program.py'] False
        False
        """);
  }

  @Test
  void unseededNumbersDifferBetweenPrograms() {
    String program =
        "import random, numpy, torch\nprint(random.random(), numpy.random.rand(), torch.rand(1).item())";
    assertThat(run(program).stdout().split(" ")).doesNotContain(run(program).stdout().split(" "));
  }

  @Test
  void seededNumbersAndSetOrderAreTheSameInEachRun() {
    String program =
        """
        import random, numpy, torch
        random.seed(3), numpy.random.seed(3), torch.manual_seed(3)
        print(random.random(), numpy.random.rand(), torch.rand(1), {'a', 'b', 'c', 'd'})
        """;
    assertThat(run(program).stdout()).isNotEmpty().isEqualTo(run(program).stdout());
  }

  @Test
  void severalThreadsShareTheWorkers() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<Execution>> runs = new ArrayList<>();
      for (int number = 0; number < 100; number++) {
        String program =
            number % 10 == 3 ? "import os; os.kill(os.getppid(), 9)" : "print(" + number + ")";
        runs.add(threads.submit(() -> run(program)));
      }
      for (int number = 0; number < 100; number++) {
        Execution execution = runs.get(number).get();
        if (number % 10 == 3) {
          assertThat(execution.termination()).isEqualTo(new Termination.Signalled(9));
        } else {
          assertThat(execution.stdout()).isEqualTo(number + "\n");
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aLongProgramAndALongOutputPassUnharmed() {
    String line = "x".repeat(900_000);
    assertPrints("# " + "y".repeat(3_000_000) + "\nprint('" + line + "')", line + "\n");
  }

  @Test
  void brokenTextIsReplaced() {
    Execution execution = run("# \ud800\nimport sys\nsys.stdout.buffer.write(b'a\\xff\\x00b')");
    assertThat(execution.stdout()).isEqualTo("a\ufffd\0b");
    assertThat(execution.termination()).isEqualTo(new Termination.Exited(0));
  }
}
