package io.aicoder.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.eval.metric.Traceback.Frame;
import io.aicoder.eval.metric.Traceback.Relation;
import io.aicoder.eval.sandbox.Execution;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.RealPython;
import io.aicoder.eval.sandbox.Sandbox;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class TracebackTest {

  @Test
  void readsTypeMessageAndInnermostFrame() {
    String stderr =
        "warning: something\n"
            + "Traceback (most recent call last):\n"
            + "  File \"program.py\", line 30, in <module>\n"
            + "    test_f()\n"
            + "  File \"program.py\", line 7, in f\n"
            + "    return np.zeos(3)\n"
            + "           ^^^^^^^\n"
            + "AttributeError: module 'numpy' has no attribute 'zeos'\n";
    assertThat(Traceback.all(stderr))
        .containsExactly(
            new Traceback(
                "AttributeError",
                "module 'numpy' has no attribute 'zeos'",
                List.of(
                    new Frame("program.py", 30, "<module>", "test_f()"),
                    new Frame("program.py", 7, "f", "return np.zeos(3)")),
                null));
    assertThat(Traceback.all(stderr).get(0))
        .returns("program.py", Traceback::file)
        .returns("f", Traceback::function)
        .returns(7, Traceback::line)
        .returns("return np.zeos(3)", Traceback::source);
  }

  @Test
  void readsAMessageThatBeginsBelowItsType() {
    String frame =
        "Traceback (most recent call last):\n  File \"program.py\", line 1, in f\n    g()\n";
    String framed =
        "LookupError: \n\n****\n  Resource \u001b[93mpunkt\u001b[0m not found.\n  Use it.\n";
    assertThat(Traceback.last(frame + framed))
        .returns("Resource punkt not found.", Traceback::message)
        .returns("f", Traceback::function);
    // Without a colon there is no message, whatever comes next.
    assertThat(Traceback.last(frame + "AssertionError\nsomething else\n"))
        .returns("", Traceback::message);
    assertThat(Traceback.all(frame + "KeyError: \n" + frame + "ValueError: one\n"))
        .extracting(Traceback::summary)
        .containsExactly("KeyError", "ValueError: one");
  }

  @Test
  void readsASyntaxErrorWithoutHeading() {
    String stderr =
        "  File \"program.py\", line 16\n    x = (\n        ^\nSyntaxError: '(' was never closed";
    assertThat(Traceback.last(stderr))
        .isEqualTo(
            new Traceback(
                "SyntaxError",
                "'(' was never closed",
                List.of(new Frame("program.py", 16, "", "x = (")),
                null));
  }

  @Test
  void readsChainsAndModules() {
    String stderr =
        "Traceback (most recent call last):\n"
            + "  File \"a.py\", line 1, in a\n"
            + "socket.gaierror: [Errno -3] Temporary failure in name resolution\n"
            + "\nDuring handling of the above exception, another exception occurred:\n\n"
            + "Traceback (most recent call last):\n"
            + "  File \"b.py\", line 2, in b\n"
            + "urllib.error.URLError: <urlopen error>\n"
            + "  a note\n"
            + "KeyboardInterrupt\n";
    assertThat(Traceback.all(stderr))
        .extracting(Traceback::simpleType)
        .containsExactly("gaierror", "URLError");
    Traceback bare = Traceback.last("Traceback (most recent call last):\nValueError\n");
    assertThat(bare).isEqualTo(new Traceback("ValueError", "", List.of(), null));
  }

  @Test
  void findsNothingInOtherText() {
    assertThat(Traceback.all("")).isEmpty();
    assertThat(Traceback.last("Error: no traceback\nTraceback (most recent call last):\n"))
        .isNull();
  }

  @Test
  void readsWhatPythonPrints() {
    String program =
        """
        import json

        class Trouble(Exception):
            pass

        def inner():
            return json.loads("{")

        def middle():
            try:
                inner()
            except ValueError as e:
                raise KeyError("no such key") from e

        def outer():
            try:
                middle()
            except KeyError:
                raise Trouble("first line\\nsecond line")

        outer()
        """;
    Execution execution;
    try (Sandbox sandbox = RealPython.sandboxOrSkip(1)) {
      execution = sandbox.run(program, Limits.DEFAULT);
    }

    Traceback last = Objects.requireNonNull(Traceback.last(execution.stderr()));

    assertThat(last.simpleType()).isEqualTo("Trouble");
    assertThat(last.message()).isEqualTo("first line");
    assertThat(last.ownFrames())
        .containsExactly(
            new Frame("program.py", 21, "<module>", "outer()"),
            new Frame("program.py", 19, "outer", "raise Trouble(\"first line\\nsecond line\")"));
    Traceback.Earlier context = Objects.requireNonNull(last.earlier());
    assertThat(context.relation()).isEqualTo(Relation.CONTEXT);
    assertThat(context.traceback().summary()).isEqualTo("KeyError: 'no such key'");
    Traceback.Earlier cause = Objects.requireNonNull(context.traceback().earlier());
    assertThat(cause.relation()).isEqualTo(Relation.CAUSE);
    assertThat(cause.traceback().type()).isEqualTo("json.decoder.JSONDecodeError");
    assertThat(cause.traceback().ownFrames()).hasSize(2);
    assertThat(cause.traceback().frames()).hasSizeGreaterThan(2);
    assertThat(cause.traceback().earlier()).isNull();
  }

  @Test
  void readsAnExceptionGroup() {
    // Python 3.11: raise ExceptionGroup("two", [ValueError("a"), KeyError("b")])
    String stderr =
        "  + Exception Group Traceback (most recent call last):\n"
            + "  |   File \"program.py\", line 1, in <module>\n"
            + "  |     raise ExceptionGroup(\"two\", [ValueError(\"a\"), KeyError(\"b\")])\n"
            + "  | ExceptionGroup: two (2 sub-exceptions)\n"
            + "  +-+---------------- 1 ----------------\n"
            + "    | ValueError: a\n"
            + "    +---------------- 2 ----------------\n"
            + "    | KeyError: 'b'\n"
            + "    +------------------------------------\n";
    assertThat(Traceback.all(stderr))
        .singleElement()
        .returns("ExceptionGroup: two (2 sub-exceptions)", Traceback::summary)
        .returns(1, Traceback::line);
  }

  @Test
  void anUnrelatedTracebackIsNoLink() {
    String one = "Traceback (most recent call last):\nValueError: a\n";
    assertThat(Objects.requireNonNull(Traceback.last(one + "logged\n" + one)).earlier()).isNull();
    String link = "\nDuring handling of the above exception, another exception occurred:\n\n";
    assertThat(Objects.requireNonNull(Traceback.last(link + one)).earlier()).isNull();
  }
}
