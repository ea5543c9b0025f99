package io.aicoder.eval.metric;

import static io.aicoder.eval.ScriptedSandbox.cases;
import static io.aicoder.eval.ScriptedSandbox.exited;
import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.eval.Examples;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Termination;
import io.aicoder.eval.task.Task;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VerdictReaderTest {

  private static final Task TASK = Examples.task(1);

  private static Judgement judge(Execution execution) {
    return VerdictReader.judge(TASK, execution);
  }

  private static Execution raised(String exception) {
    return exited(
        1,
        "",
        "Traceback (most recent call last):\n  File \"program.py\", line 2, in f\n    x\n"
            + exception
            + "\n");
  }

  private static Execution ended(String stdout, Termination termination) {
    return new Execution(stdout, "", termination, Duration.ZERO);
  }

  /** A task in the manner of v4: cases are announced, and asserted. */
  private static Task asserting() {
    return new Task(
        "v4",
        "!pip install -U transformers textblob nltk",
        "import spacy\nfrom transformers import pipeline",
        "def f(x):\n    return x",
        "def test_f():\n    print(\"Testing started.\")\n"
            + "    print(\"Testing case [1/3] started.\")\n"
            + "    assert f(1), f\"Test case [1/3] failed: {f(1)}\"\n"
            + "    print(\"Testing finished.\")",
        "test_f()",
        "",
        "",
        "nlp",
        "transformers");
  }

  @Test
  void countsCases() {
    assertThat(judge(cases(true, true, true)))
        .isEqualTo(new Judgement(new Verdict.Passed(), 3, 3, null));
    assertThat(judge(cases(false, true, false)))
        .isEqualTo(
            new Judgement(new Verdict.Partial(), 1, 3, "NameError: name 'x' is not defined"));
    assertThat(judge(cases(false, false, false)).verdict()).isEqualTo(new Verdict.Wrong());
  }

  @Test
  void countsDistinctCasesBehindTheStartOnly() {
    String stdout =
        "Test case [3/3] succeeded\nTesting started.\nTest case [1/3] succeeded\n"
            + "Test case [1/3] succeeded\nTest case [2/4] succeeded\nTest case [9/3] succeeded\n"
            + " Test case [2/3] succeeded\nTesting finished.\n";
    assertThat(judge(exited(0, stdout, "")).casesPassed()).isEqualTo(1);
  }

  @Test
  void takesTheNumberOfCasesFromTheTest() {
    Task two =
        new Task(
            "two",
            "",
            "",
            TASK.functionCode(),
            TASK.testCode().replace("/3]", "/2]"),
            TASK.callLine(),
            "",
            "",
            "",
            "");
    String stdout =
        "Testing started.\nTest case [1/2] succeeded.\nTest case [2/2] succeeded\n"
            + "Testing finished.\n";
    assertThat(VerdictReader.judge(two, exited(0, stdout, "")))
        .isEqualTo(new Judgement(new Verdict.Passed(), 2, 2, null));
  }

  @Test
  void readsAssertingTests() {
    Task task = asserting();
    String two = "Testing started.\nTesting case [1/3] started.\nTesting case [2/3] started.\n";
    String assertion =
        "Traceback (most recent call last):\n  File \"program.py\", line 9, in test_f\n"
            + "AssertionError: Test case [2/3] failed: 1\n";
    assertThat(VerdictReader.judge(task, exited(1, two, assertion)))
        .isEqualTo(
            new Judgement(
                new Verdict.Partial(), 1, 3, "AssertionError: Test case [2/3] failed: 1"));
    assertThat(
            VerdictReader.judge(
                task, exited(0, two + "Testing case [3/3] started.\nTesting finished.\n", "")))
        .isEqualTo(new Judgement(new Verdict.Passed(), 3, 3, null));
    String one = "Testing started.\nTesting case [1/3] started.\n";
    assertThat(VerdictReader.judge(task, exited(1, one, assertion)).verdict())
        .isEqualTo(new Verdict.Wrong());
  }

  @Test
  void tellsHowAProgramEndedBeforeItsTestDid() {
    assertThat(judge(raised("NameError: name 'x' is not defined")))
        .isEqualTo(
            new Judgement(
                new Verdict.Raised(
                    new Traceback(
                        "NameError",
                        "name 'x' is not defined",
                        List.of(new Traceback.Frame("program.py", 2, "f", "x")),
                        null)),
                0,
                3,
                "NameError: name 'x' is not defined"));
    assertThat(judge(raised("MemoryError")).verdict()).isEqualTo(new Verdict.OutOfMemory());
    assertThat(judge(ended("", new Termination.TimedOut())).verdict())
        .isEqualTo(new Verdict.Timeout());
    assertThat(judge(ended("", new Termination.OutOfMemory())).verdict())
        .isEqualTo(new Verdict.OutOfMemory());
    assertThat(judge(ended("", new Termination.OutputLimit())).verdict())
        .isEqualTo(new Verdict.OutputLimit());
    assertThat(judge(ended("", new Termination.Signalled(11))).detail())
        .isEqualTo("ended by signal 11");
    assertThat(judge(exited(0, "Testing started.\n", "")).verdict())
        .isEqualTo(new Verdict.Aborted("exited before the test's end"));
    assertThat(judge(exited(3, "", "")).verdict())
        .isEqualTo(new Verdict.Aborted("exited with code 3 before the test's end"));
  }

  @Test
  void keepsTheCasesOfAProgramThatWasKilled() {
    String stdout = "Testing started.\nTest case [1/3] succeeded\n";
    Judgement judgement = judge(ended(stdout, new Termination.TimedOut()));
    assertThat(judgement.verdict()).isEqualTo(new Verdict.Timeout());
    assertThat(judgement.casesPassed()).isEqualTo(1);
  }

  @Test
  void blamesNobodyForTheSandbox() {
    Judgement judgement =
        judge(ended(cases(true, true, true).stdout(), new Termination.SandboxFailure("gone")));
    assertThat(judgement.verdict()).isEqualTo(new Verdict.Infrastructure("sandbox failure: gone"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ModuleNotFoundError: No module named 'transformers'",
        "ImportError: cannot import name 'pipeline' from 'transformers' (unknown location)",
        "ImportError: AutoModel requires the transformers library but it was not found in your",
        "ImportError: libcudart.so.12: cannot open shared object file: No such file",
        "socket.gaierror: [Errno -3] Temporary failure in name resolution",
        "requests.exceptions.ConnectionError: (MaxRetryError(\"HTTPSConnectionPool\"))",
        "OSError: We couldn't connect to 'https://huggingface.co' to load this file",
        "OSError: [Errno 101] Network is unreachable",
        "huggingface_hub.errors.LocalEntryNotFoundError: Cannot find the requested files",
        "urllib.error.URLError: <urlopen error [Errno -3]>",
        "Exception: URL fetch failure on https://storage.googleapis.com/mnist.npz: None -- [Errno -3]",
        "RuntimeError: Error downloading train-images-idx3-ubyte.gz",
        "LookupError: \n*****\n  Resource 'punkt_tab' not found.\n  Please use the NLTK Downloader",
        "LookupError: \n***\n  Resource \u001b[93mstopwords\u001b[0m not found.\n  Please use the",
        "LookupError: ***** Resource 'corpora/wordnet' not found. Please use the NLTK Downloader",
        "OSError: [E050] Can't find model 'en_core_web_sm'. It doesn't seem to be a Python package",
        "textblob.exceptions.MissingCorpusError: \nLooks like you are missing some required data",
      })
  void blamesNobodyForAMissingLibraryOrNetwork(String exception) {
    assertThat(VerdictReader.judge(asserting(), raised(exception)).verdict())
        .isInstanceOf(Verdict.Infrastructure.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ModuleNotFoundError: No module named 'transformerz'",
        "ModuleNotFoundError: No module named 'transformers.invented'",
        "ImportError: cannot import name 'invented' from 'transformers' (unknown location)",
        "OSError: my-model is not a local folder and is not a valid model identifier",
        "ValueError: the connection is missing",
        "LookupError: \n***\n  No resource of that kind",
      })
  void blamesTheProgramForWhatItInvented(String exception) {
    assertThat(VerdictReader.judge(asserting(), raised(exception)).verdict())
        .isInstanceOf(Verdict.Raised.class);
  }

  @Test
  void namesTheDataThatIsMissing() {
    String nltk = "LookupError: \n*****\n  Resource 'punkt' not found.\n  Please use the NLTK";
    assertThat(VerdictReader.judge(asserting(), raised(nltk)).detail())
        .isEqualTo("missing data: nltk, punkt");
    // A task that does not count on NLTK can be solved without its data.
    assertThat(judge(raised(nltk)).detail()).isEqualTo("LookupError: Resource 'punkt' not found.");
  }

  @Test
  void seesAMissingLibraryInsideACase() {
    String stdout =
        "Testing started.\nTest case [1/3] failed: ModuleNotFoundError: No module named 'numpy'\n"
            + "Test case [2/3] succeeded\nTest case [3/3] failed: \nTesting finished.\n";
    assertThat(judge(exited(0, stdout, "")))
        .isEqualTo(
            new Judgement(
                new Verdict.Infrastructure("missing library: numpy"),
                1,
                3,
                "missing library: numpy"));
  }

  @Test
  void knowsPackagesWhoseModuleHasAnotherName() {
    Task task =
        new Task(
            "s",
            "scikit-learn>=1.0 opencv-python",
            "",
            TASK.functionCode(),
            TASK.testCode(),
            TASK.callLine(),
            "",
            "",
            "",
            "");
    assertThat(
            VerdictReader.judge(task, raised("ModuleNotFoundError: No module named 'cv2'"))
                .detail())
        .isEqualTo("missing library: cv2");
    assertThat(
            VerdictReader.judge(task, raised("ModuleNotFoundError: No module named 'sklearn'"))
                .detail())
        .isEqualTo("missing library: sklearn");
  }

  @Test
  void noCodeHasNoCases() {
    assertThat(VerdictReader.noCode(TASK, "nothing"))
        .isEqualTo(new Judgement(new Verdict.NoCode(), 0, 3, "nothing"));
  }
}
