package io.aicoder.eval.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No program sees or changes the next one, whose interpreter has the same parent. */
class IsolationTest {

  /** Prints when the worker's first process started: another worker, another time. */
  private static final String WORKER = "open('/proc/1/stat').read().rsplit(')')[1].split()[19]";

  /** Shows all that a program could find changed. */
  private static final String LOOK =
      """
      import builtins, ctypes, decimal, gc, glob, locale, os, random, resource, signal, sys, warnings
      import numpy, pandas, scipy, sklearn, torch

      random.seed(1), numpy.random.seed(1), torch.manual_seed(1)
      print(random.random(), numpy.random.rand(), torch.rand(1).item(), hash('text'))
      print([(name, len(vars(sys.modules[name]))) for name in sorted(sys.modules) if name != '__main__'])
      print(numpy.sum([1, 2]), len('four'), torch.nn.Linear(1, 1), numpy.get_printoptions(), numpy.geterr())
      print(torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
      print(pandas.get_option('display.max_rows'), sklearn.get_config(), decimal.getcontext(), locale.setlocale(locale.LC_ALL))
      print(sorted(os.environ.items()), sys.path, sys.argv, sys.getrecursionlimit(), sys.gettrace(), warnings.filters[:2])
      print(os.getcwd(), sorted(glob.glob('/tmp/**', recursive=True)), os.listdir('/dev/shm'), os.umask(0o22), gc.get_threshold())
      print([signal.getsignal(number) for number in (2, 10, 14, 15)], signal.pthread_sigmask(0, []), signal.getitimer(0))
      limits = [getattr(resource, name) for name in dir(resource) if name.startswith('RLIMIT_')]
      limits.remove(resource.RLIMIT_AS)
      print([resource.getrlimit(kind) for kind in limits], [resource.prlimit(os.getppid(), kind) for kind in limits])
      print([(os.getpriority(0, pid), os.sched_getaffinity(pid), os.sched_getscheduler(pid)) for pid in (0, os.getppid())])
      print([len(open('/proc/sysvipc/' + kind).readlines()) for kind in ('shm', 'sem', 'msg')])
      print(len(os.listdir('/proc/self/fd')), len([pid for pid in os.listdir('/proc') if pid.isdigit()]))
      libc = ctypes.CDLL(None, use_errno=True)
      print(libc.syscall(%d, b'user', b'left', 0, 0), libc.mq_open(b'/left', 0), ctypes.get_errno())
      """
          .formatted(requestKey());

  private static BubblewrapSandbox sandbox;
  private static String untouched;

  @BeforeAll
  static void open() {
    sandbox = RealPython.sandboxOrSkip(1);
    untouched = look();
  }

  @AfterAll
  static void close() {
    if (sandbox != null) {
      sandbox.close();
    }
  }

  private static boolean arm() {
    return System.getProperty("os.arch").equals("aarch64");
  }

  private static int addKey() {
    return arm() ? 217 : 248;
  }

  private static int requestKey() {
    return arm() ? 218 : 249;
  }

  private static String run(String program) {
    Execution execution = sandbox.run(program, Limits.DEFAULT);
    assertThat(execution.stderr()).isEmpty();
    assertThat(execution.termination()).isEqualTo(new Termination.Exited(0));
    return execution.stdout();
  }

  private static String look() {
    return run(LOOK);
  }

  /** The worker that runs programs which import what {@link #LOOK} does. */
  private static String worker() {
    return run("import pandas, torch\nprint(" + WORKER + ")");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // modules and interpreter
        "numpy.left = builtins.left = sys.left = 1; numpy.sum = len; torch.nn.Linear = None",
        "del sys.modules['numpy'], sys.modules['json']; builtins.len = None",
        "sys.path.insert(0, '/left'); sys.setrecursionlimit(5000); sys.settrace(print); sys.settrace(None)",
        "gc.disable(); gc.set_threshold(1); warnings.simplefilter('error'); sys.argv.append('left')",
        "decimal.getcontext().prec = 3; locale.setlocale(locale.LC_ALL, 'C')",
        // libraries' settings and generators
        "numpy.set_printoptions(precision=1); numpy.seterr(all='raise'); pandas.set_option('display.max_rows', 1)",
        "torch.set_default_dtype(torch.float64); torch.set_grad_enabled(False); torch.use_deterministic_algorithms(True)",
        "sklearn.set_config(assume_finite=True); torch.set_num_threads(2)",
        "random.seed(7); numpy.random.seed(7); torch.manual_seed(7)",
        // what a process inherits
        "os.environ['LEFT'] = '1'; os.putenv('LEFT', '1'); os.chdir('/'); os.umask(0)",
        "signal.signal(2, signal.SIG_IGN); signal.pthread_sigmask(0, [15]); signal.setitimer(0, 100)",
        "os.nice(5); os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)); held = open('/dev/null')",
        // files and memory that outlive a process
        "open('/tmp/left', 'w').close(); open('numpy.py', 'w').close(); open('/tmp/home/.left', 'w').close()",
        "os.makedirs(os.path.expanduser('~/.config/left')); open('/dev/shm/left', 'w').close()",
        "import tempfile; tempfile.mkdtemp(); tempfile.NamedTemporaryFile(delete=False)",
        "import site; os.makedirs(site.getusersitepackages()); open(site.getusersitepackages() + '/left.py', 'w')",
        "import multiprocessing.shared_memory as m; m.SharedMemory('left', True, 4096).close()",
      })
  void whatAProgramChangesIsItsOwn(String change) {
    String worker = worker();
    run(IMPORTS + change);
    assertThat(look()).isEqualTo(untouched);
    assertThat(worker()).as("the worker is still the same").isEqualTo(worker);
  }

  private static final String IMPORTS =
      "import builtins, ctypes, decimal, gc, locale, os, random, resource, signal, sys, warnings\n"
          + "import numpy, pandas, sklearn, torch\n";

  /** The parent has the program's user; what the kernel lets the program do to it does not last. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "resource.prlimit(os.getppid(), resource.RLIMIT_FSIZE, (1000, 1000))",
        "resource.prlimit(os.getppid(), resource.RLIMIT_NPROC, (1, 1))",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1000, 1000))",
        "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (30, 30))",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "os.sched_setaffinity(os.getppid(), {min(os.sched_getaffinity(0))})",
        "os.sched_setscheduler(os.getppid(), os.SCHED_BATCH, os.sched_param(0))",
        "assert ctypes.CDLL(None).shmget(1, 4096, 0o1600) >= 0",
      })
  void aParentThatWasTouchedIsReplaced(String change) {
    String worker = worker();
    run(IMPORTS + change);
    assertThat(look()).isEqualTo(untouched);
    assertThat(worker()).as("the worker is another one").isNotEqualTo(worker);
  }

  /**
   * The kernel ends the parent at one of its next ticks: before it has told of the program, or
   * after.
   */
  @ParameterizedTest
  @ValueSource(strings = {"(0, 0)", "(0, 1)"})
  void aParentThatIsOutOfTimeIsReplaced(String seconds) {
    String worker = worker();
    Execution execution =
        sandbox.run(
            IMPORTS + "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, " + seconds + ")",
            Limits.DEFAULT);
    assertThat(execution.termination())
        .isIn(
            new Termination.Exited(0), new Termination.Signalled(9), new Termination.Signalled(24));
    assertThat(look()).isEqualTo(untouched);
    assertThat(worker()).as("the worker is another one").isNotEqualTo(worker);
  }

  @ParameterizedTest
  @ValueSource(ints = {-3, -4, -5})
  void theKernelsKeysAreNotPassedOn(int keyring) {
    run(
        IMPORTS
            + "ctypes.CDLL(None).syscall(%d, b'user', b'left', b'secret', 6, %d)"
                .formatted(addKey(), keyring));
    assertThat(look()).isEqualTo(untouched);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/left"})
  void messageQueuesAreRefused(String name) {
    assertThat(
            run(
                """
                import ctypes
                libc = ctypes.CDLL(None, use_errno=True)
                print(libc.mq_open(b'%s', 0o102, 0o600, None), ctypes.get_errno())
                """
                    .formatted(name)))
        .as("EMFILE: they would outlive the program, and nothing in a namespace lists them")
        .isEqualTo("-1 24\n");
  }
}
