package io.aicoder.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;

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
                "f",
                7,
                "return np.zeos(3)"));
  }

  @Test
  void readsASyntaxErrorWithoutHeading() {
    String stderr =
        "  File \"program.py\", line 16\n    x = (\n        ^\nSyntaxError: '(' was never closed";
    assertThat(Traceback.last(stderr))
        .isEqualTo(new Traceback("SyntaxError", "'(' was never closed", "", 16, "x = ("));
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
    assertThat(bare).isEqualTo(new Traceback("ValueError", "", "", 0, ""));
  }

  @Test
  void findsNothingInOtherText() {
    assertThat(Traceback.all("")).isEmpty();
    assertThat(Traceback.last("Error: no traceback\nTraceback (most recent call last):\n"))
        .isNull();
  }
}
