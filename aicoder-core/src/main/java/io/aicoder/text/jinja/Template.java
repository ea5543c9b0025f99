package io.aicoder.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A Jinja template, read and ready to be rendered as transformers renders chat templates: {@code
 * trim_blocks} and {@code lstrip_blocks} on, nothing escaped, with {@code break} and {@code
 * continue}.
 *
 * <p>Left out of the language: {@code include}, {@code import}, {@code extends}, {@code block},
 * {@code call}, recursive loops, {@code %} formatting, and what changes lists; a template that asks
 * for them is refused. Tuples are lists. A template reaches nothing but the variables that it is
 * given. Immutable and safe for use by several threads.
 */
public final class Template {

  /** As Jinja's sandbox. */
  private static final long LONGEST_RANGE = 100_000;

  private final List<Statement> statements;

  private Template(List<Statement> statements) {
    this.statements = statements;
  }

  /**
   * Reads a template.
   *
   * @throws TemplateException when it is not Jinja, or uses what is left out here
   */
  public static Template parse(String source) {
    try {
      return new Template(Parser.parse(source));
    } catch (StackOverflowError e) {
      throw new TemplateException("it is nested too deep");
    }
  }

  /**
   * Renders it.
   *
   * @param variables texts, numbers, truth values, {@code null}, lists and maps of these, and
   *     {@link Function}s
   * @throws TemplateException when the template does what its language does not allow
   */
  public String render(Map<String, ? extends @Nullable Object> variables) {
    Scope globals = new Scope(null);
    globals.set("range", (Function) Template::range);
    globals.set("dict", (Function) arguments -> Values.of(arguments.named()));
    globals.set("namespace", (Function) Statement.Namespace::create);
    Scope scope = new Scope(globals);
    variables.forEach((name, value) -> scope.set(name, Values.of(value)));
    StringBuilder out = new StringBuilder();
    try {
      Statement.runAll(statements, scope, out);
    } catch (StackOverflowError e) {
      throw new TemplateException("its macros call each other without end");
    }
    return out.toString();
  }

  private static Object range(Arguments arguments) {
    boolean both = arguments.positional().size() > 1;
    long start = both ? arguments.number(0, "start", 0) : 0;
    long stop = both ? arguments.number(1, "stop", 0) : Values.asLong(arguments.get(0, "stop"));
    long step = arguments.number(2, "step", 1);
    if (step == 0 || Math.abs((double) stop - start) / Math.abs((double) step) > LONGEST_RANGE) {
      throw new TemplateException("range: the step is 0, or there are too many numbers");
    }
    List<Object> numbers = new ArrayList<>();
    for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
      numbers.add(i);
    }
    return numbers;
  }
}
