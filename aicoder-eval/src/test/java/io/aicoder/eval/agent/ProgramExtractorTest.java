package io.aicoder.eval.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.eval.Examples;
import io.aicoder.eval.ScriptedSandbox;
import io.aicoder.eval.agent.RecordedResults.Program;
import io.aicoder.eval.sandbox.RealPython;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.Task;
import io.aicoder.eval.task.TaskSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramExtractorTest {

  private static final Task TASK = Examples.task(1);
  private static final String HEAD =
      "import numpy as np\n\ndef f1(x):\n    \"\"\"Give x back.\"\"\"\n    ";
  private static final String WHOLE = "import os\n\ndef f1(x):\n    return os.name";

  /** Finds no stretch of Python anywhere. */
  private final ScriptedSandbox sandbox =
      new ScriptedSandbox(program -> ScriptedSandbox.exited(0, "", ""));

  private final ProgramExtractor extractor = new ProgramExtractor(sandbox);

  @Test
  void putsABodyBehindTheSignature() {
    assertThat(extractor.extract(TASK, "\n\n  if x:\n        return 1\n    return x  \n"))
        .isEqualTo(HEAD + "if x:\n        return 1\n    return x");
    assertThat(extractor.extract(TASK, "return (")).isEqualTo(HEAD + "return (");
    assertThat(extractor.extract(TASK, "return x\n```\n")).isEqualTo(HEAD + "return x");
    assertThat(sandbox.programs).isEmpty();
  }

  @Test
  void takesWholeCodeAsItIs() {
    assertThat(extractor.extract(TASK, "\n" + WHOLE + "\n")).isEqualTo(WHOLE);
    assertThat(extractor.extract(TASK, "def f2(x):\n    return x"))
        .isEqualTo(HEAD + "def f2(x):\n    return x");
  }

  @Test
  void takesTheFencedBlockThatDefinesTheFunction() {
    assertThat(extractor.extract(TASK, "```python\n" + WHOLE + "\n```")).isEqualTo(WHOLE);
    assertThat(
            extractor.extract(
                TASK,
                "Install it:\n```bash\npip install x\n```\nThen:\n```py\n"
                    + WHOLE
                    + "\n```\nDone.\n"))
        .isEqualTo(WHOLE);
    assertThat(extractor.extract(TASK, "So:\n```\nreturn x\n```\nor\n```\nreturn 2\n```"))
        .isEqualTo(HEAD + "return x");
    assertThat(extractor.extract(TASK, "```python\n" + WHOLE)).isEqualTo(WHOLE);
    assertThat(sandbox.programs).isEmpty();
    assertThat(extractor.extract(TASK, WHOLE + "\n```\nThis gives a name.")).isEqualTo(WHOLE);
    assertThat(extractor.extract(TASK, WHOLE + "\n\n```\nf1(1)\n```\n")).isEqualTo(WHOLE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " \n\t", "```python\n```", "```\n\n```\n"})
  void findsNoProgramInABlankAnswer(String answer) {
    assertThat(extractor.extract(TASK, answer)).isEmpty();
  }

  @Test
  void givesTheProgramsOfTheReferenceMeasurement() {
    TaskSet tasks = Examples.nano();
    for (String run : new String[] {"base", "adapter"}) {
      for (Program program : RecordedResults.load(run)) {
        Task task = tasks.find(program.path()).orElseThrow();
        String head = task.imports() + "\n\n" + task.function().head() + "    ";
        String answer =
            program.code().startsWith(head)
                ? program.code().substring(head.length())
                : program.code();
        assertThat(extractor.extract(task, answer)).isEqualTo(program.code());
        assertThat(extractor.extract(task, "```python\n" + answer + "\n```"))
            .isEqualTo(program.code());
      }
    }
  }

  @Test
  void cutsProseAwayWithPythonsOwnParser() {
    try (Sandbox python = RealPython.sandboxOrSkip(1)) {
      ProgramExtractor real = new ProgramExtractor(python);
      String code = WHOLE + "\n\nclass Other:\n    pass";
      assertThat(real.extract(TASK, code)).isEqualTo(code);
      assertThat(
              real.extract(
                  TASK,
                  "Here's the code, \"as\" wished \u00e9:\n\n" + code + "\n\nIt isn't long.\nBye."))
          .isEqualTo(code + "\n");
      // A broken function is not cut down to the part of it that parses.
      String broken = "import os\n\ndef f1(x):\n    y = 1\n    return (y\n";
      assertThat(real.extract(TASK, broken)).isEqualTo(broken.strip());
      String half = "def f1(x):\n    return 1\n     return 2\nSo it isn't.";
      assertThat(real.extract(TASK, half)).isEqualTo(half);
    }
  }
}
