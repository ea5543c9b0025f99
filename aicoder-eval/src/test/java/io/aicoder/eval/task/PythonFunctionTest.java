package io.aicoder.eval.task;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PythonFunctionTest {

  private static @Nullable PythonFunction parse(String source) {
    return PythonFunction.parse(source, "f");
  }

  @Test
  void cutsBehindTheDocstringOfALongSignature() {
    String head =
        "@decorated\ndef f(\n    x: dict[str, int],  # a ':' here\n    y=\"):\",\n) -> int:\n\n"
            + "    r'''Text with \"\"\" in it.'''\n";
    assertThat(parse(head + "    return 1"))
        .isEqualTo(new PythonFunction("f", head, "    return 1"));
  }

  @Test
  void cutsBehindTheDefLineWithoutDocstring() {
    assertThat(parse("def f(x):\n    y = \"\"\"no docstring\"\"\"\n"))
        .isEqualTo(new PythonFunction("f", "def f(x):\n", "    y = \"\"\"no docstring\"\"\"\n"));
    assertThat(parse("def f(x):")).isEqualTo(new PythonFunction("f", "def f(x):\n", ""));
    assertThat(parse("def f(x): return x"))
        .isEqualTo(new PythonFunction("f", "def f(x):\n", "    return x"));
  }

  @Test
  void takesTheFunctionThatIsMeant() {
    String source = "def helper():\n    pass\n\nasync def f():\n    'Doc.'\n    return 1\n";
    assertThat(parse(source))
        .isEqualTo(
            new PythonFunction(
                "f", "def helper():\n    pass\n\nasync def f():\n    'Doc.'\n", "    return 1\n"));
    assertThat(PythonFunction.parse(source, "other"))
        .extracting(PythonFunction::name)
        .isEqualTo("helper");
  }

  @Test
  void survivesBrokenSource() {
    assertThat(parse("x = 1")).isNull();
    assertThat(parse("def f(")).isEqualTo(new PythonFunction("f", "def f(\n", ""));
    assertThat(parse("def f():\n    \"\"\"open\n    return 1"))
        .isEqualTo(new PythonFunction("f", "def f():\n", "    \"\"\"open\n    return 1"));
    assertThat(parse("def f():\n    \"open\n    x = \"")).isNotNull();
    String blank = "def f():\n" + "  # note\n\n".repeat(100_000);
    assertThat(parse(blank)).isEqualTo(new PythonFunction("f", "def f():\n", blank.substring(9)));
  }
}
