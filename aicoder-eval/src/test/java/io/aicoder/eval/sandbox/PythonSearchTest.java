package io.aicoder.eval.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each way to a Python, on machines made of shell scripts. */
class PythonSearchTest {

  private static final String FITTING =
      """
      echo 'shim: rehashing'
      echo '{"interpreter": "/usr/bin/python3", "version": "3.11.2", "prefixes": ["/usr"], "missing": [],
       "libraries": {"numpy": "1.24.2", "scikit-learn": "1.2.1", "requests": "2.28.1"},
       "modules": ["numpy", "sklearn", "PIL", "cv2", "json", "ruamel_yaml"]}' | tr -d '\\n'
      """;

  private static final String LACKING =
      """
      echo '{"interpreter": "/usr/bin/python3", "version": "3.11.2", "prefixes": ["/usr"], "missing": ["torch", "PIL"],
       "libraries": {}, "modules": []}' | tr -d '\\n'
      """;

  private final Path scratch;
  private final Path bin;
  private final Path log;
  private final List<String> progress = new ArrayList<>();

  PythonSearchTest(@TempDir Path scratch) throws IOException {
    this.scratch = scratch;
    bin = Files.createDirectory(scratch.resolve("bin"));
    log = scratch.resolve("log");
  }

  private Path script(Path file, String body) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\nPATH=$PATH:/usr/bin:/bin\n" + body);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Machine machine(boolean root, @Nullable Path named, Path... known) {
    return new Machine(List.of(bin), List.of(known), named, scratch.resolve("cache"), root);
  }

  private PythonSearch search(Machine machine) {
    return new PythonSearch(machine, progress::add);
  }

  private static void assertRefused(ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> {
              assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT);
              assertThat(e.getMessage()).contains(parts).doesNotContain("\n");
            });
  }

  private List<String> logged() throws IOException {
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  @Test
  void takesTheFirstThatFits() throws IOException {
    script(bin.resolve("python3"), LACKING);
    Path other = script(scratch.resolve("other/python3"), FITTING);
    PythonEnvironment python = search(machine(true, null, other)).find();
    assertThat(python.version()).isEqualTo("3.11.2");
    assertThat(python.interpreter()).isEqualTo(Path.of("/usr/bin/python3"));
    assertThat(python.prefixes()).containsExactly(Path.of("/usr"));
    assertThat(progress)
        .containsExactly(
            bin.resolve("python3") + " lacks torch, PIL",
            "Python 3.11.2 at /usr/bin/python3 {numpy=1.24.2, scikit-learn=1.2.1}");
  }

  @Test
  void knowsWhatItProvides() throws IOException {
    script(bin.resolve("python3"), FITTING);
    PythonEnvironment python = search(machine(false, null)).find();
    assertThat(
            List.of(
                "numpy",
                "numpy>=1.20",
                "Scikit_Learn",
                "sklearn",
                "sklearn.svm",
                "pillow",
                "PIL",
                "opencv-python",
                "requests[socks]",
                "json",
                "ruamel.yaml"))
        .allMatch(python::provides);
    assertThat(List.of("torch", "transformers", "pytorch", "")).noneMatch(python::provides);
  }

  @Test
  void withoutPythonThereIsARemedy() {
    assertRefused(
        () -> search(machine(false, null)).find(),
        "run `sudo apt-get install python3 python3-numpy",
        "-Daicoder.python=PATH");
    assertRefused(
        () -> search(machine(false, null)).provision(),
        "Python with the libraries could not be installed: run `sudo apt-get install python3");
  }

  @Test
  void findNeverInstalls() throws IOException {
    script(bin.resolve("python3"), LACKING);
    script(bin.resolve("apt-get"), "echo \"$@\" >> " + log);
    assertRefused(() -> search(machine(true, null)).find(), "was found");
    assertThat(logged()).isEmpty();
  }

  @Test
  void aNamedInterpreterIsTakenOrRefusedButNeverReplaced() throws IOException {
    script(bin.resolve("python3"), FITTING);
    Path fitting = script(scratch.resolve("own/python"), FITTING);
    Path lacking = script(scratch.resolve("lacking/python"), LACKING);
    Path broken = script(scratch.resolve("broken/python"), "exit 3");
    assertThat(search(machine(false, fitting)).find().version()).isEqualTo("3.11.2");
    assertRefused(
        () -> search(machine(false, lacking)).provision(),
        "lacks torch, PIL: run `" + lacking + " -m pip install numpy");
    assertRefused(() -> search(machine(false, broken)).find(), "is not a Python that runs");
    assertRefused(
        () -> search(machine(false, scratch.resolve("absent"))).find(),
        "is not a Python that runs");
  }

  @ParameterizedTest
  @ValueSource(strings = {"exit 1", "echo nonsense", "true", "echo '{}' ; exit 1", "echo '{}'"})
  void whatAnswersStrangelyIsPassedOver(String body) throws IOException {
    script(bin.resolve("python3"), body);
    Path other = script(scratch.resolve("other/python3"), FITTING);
    assertThat(search(machine(false, null, other)).find().version()).isEqualTo("3.11.2");
    assertThat(progress).hasSizeGreaterThanOrEqualTo(2);
  }

  @Test
  void rootInstallsDebiansPackages() throws IOException {
    Path made = bin.resolve("python3");
    script(
        bin.resolve("apt-get"),
        "echo \"$@\" >> " + log + "\necho Setting up\ncp " + fake() + " " + made);
    assertThat(search(machine(true, null)).provision().version()).isEqualTo("3.11.2");
    assertThat(logged())
        .containsExactly(
            "install -y --no-install-recommends python3 python3-numpy python3-pandas python3-scipy"
                + " python3-sklearn python3-pil python3-torch bubblewrap");
    assertThat(progress)
        .contains("  Setting up")
        .anyMatch(line -> line.startsWith("running apt-get"));
  }

  private Path fake() throws IOException {
    return script(scratch.resolve("fakes/python3"), FITTING);
  }

  @Test
  void aptFetchesItsListsWhenItHasNone() throws IOException {
    Path updated = scratch.resolve("updated");
    script(
        bin.resolve("apt-get"),
        """
        echo "$1" >> %1$s
        case $1 in
          update) touch %2$s ;;
          install) [ -e %2$s ] || { echo 'E: Unable to locate package'; exit 100; }; cp %3$s %4$s ;;
        esac
        """
            .formatted(log, updated, fake(), bin.resolve("python3")));
    assertThat(search(machine(true, null)).provision().version()).isEqualTo("3.11.2");
    assertThat(logged()).containsExactly("install", "update", "install");
  }

  @Test
  void othersGetAVirtualEnvironment() throws IOException {
    Path cache = scratch.resolve("cache");
    script(bin.resolve("apt-get"), "echo apt-get >> " + log);
    // A Python without libraries whose `-m venv` makes one that gets them by `-m pip`.
    String venv =
        """
        if [ "$2" = pip ]; then echo "$@" >> %1$s; touch %2$s/installed; exit; fi
        [ -e %2$s/installed ] || exit 1
        """
                .formatted(log, cache)
            + FITTING;
    Path template = script(scratch.resolve("fakes/venv"), venv);
    script(
        bin.resolve("python3"),
        """
        if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp %s "$3/bin/python3"; exit; fi
        """
                .formatted(template)
            + LACKING);
    assertThat(search(machine(false, null)).provision().version()).isEqualTo("3.11.2");
    assertThat(logged())
        .containsExactly("-m pip install numpy pandas scipy scikit-learn pillow torch");
    progress.clear();
    assertThat(search(machine(false, null)).find().version())
        .as("found again without installing")
        .isEqualTo("3.11.2");
  }

  @Test
  void aFailingPipIsReported() throws IOException {
    script(
        bin.resolve("python3"),
        "[ \"$2\" != venv ] || { echo 'ensurepip is not available'; exit 1; }\n" + LACKING);
    assertRefused(() -> search(machine(false, null)).provision(), "could not be installed");
    assertThat(progress).contains("  ensurepip is not available");
  }

  @Test
  void bubblewrapIsFoundInstalledOrExplained() throws IOException {
    String remedy = "bubblewrap is not installed: run `sudo apt-get install bubblewrap`";
    assertRefused(() -> Bubblewrap.find(machine(true, null)), remedy, "ProcessSandbox by name");
    assertRefused(() -> Bubblewrap.provision(machine(false, null), progress::add), remedy);
    assertRefused(() -> Bubblewrap.provision(machine(true, null), progress::add), remedy);
    Path bwrap = bin.resolve("bwrap");
    script(
        bin.resolve("apt-get"),
        "echo \"$@\" >> %1$s\nprintf '#!/bin/sh\\n' > %2$s\nchmod +x %2$s".formatted(log, bwrap));
    assertRefused(() -> Bubblewrap.provision(machine(false, null), progress::add), remedy);
    assertThat(Bubblewrap.provision(machine(true, null), progress::add)).isEqualTo(bwrap);
    assertThat(Bubblewrap.find(machine(false, null))).isEqualTo(bwrap);
    assertThat(logged()).containsExactly("install -y --no-install-recommends bubblewrap");
  }

  @Test
  void anOldBubblewrapIsRefused() throws IOException {
    script(bin.resolve("python3"), FITTING);
    script(bin.resolve("bwrap"), "echo 'usage: bwrap --tmpfs DEST'");
    assertRefused(() -> BubblewrapSandbox.builder().build(machine(false, null)), "0.5.0 or newer");
  }

  @Test
  void anInterpreterThatNobodyCanReachIsRefusedForRoot() throws IOException {
    Path closed = Files.createDirectory(scratch.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    script(bin.resolve("bwrap"), "echo '--size BYTES'");
    PythonEnvironment python = search(machine(false, script(scratch.resolve("p"), FITTING))).find();
    PythonEnvironment hidden =
        new PythonEnvironment(
            closed.resolve("python3"), "3", List.of(closed), python.libraries(), python.modules());
    assertRefused(
        () -> BubblewrapSandbox.builder().optPython(hidden).build(machine(true, null)),
        closed + " is closed to others",
        "-Daicoder.python=PATH");
  }
}
