package io.aicoder.text;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.el.JinjavaProcessors;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.nio.charset.Charset;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jinjava.javax.el.CompositeELResolver;
import org.jspecify.annotations.Nullable;

/**
 * A Jinja template, rendered by Jinjava as transformers renders it: blocks trimmed, values taken
 * literally, Python's string methods.
 *
 * <p>What Jinjava would render differently without saying so (macros) is refused. Safe for use by
 * several threads.
 */
final class JinjaTemplate {

  /** Jinjava finds functions by static methods alone; they find the clock under this name. */
  private static final String CLOCK = "aicoder_clock";

  /** The longest template; those in use have a tenth of it. */
  private static final int LONGEST_TEMPLATE = 200_000;

  /** The longest text and the longest list that a template may make, in characters and items. */
  static final int LONGEST_OUTPUT = 1 << 24;

  private static final int LONGEST_LIST = 1_000_000;

  private static final int DEEPEST_BRACKETS = 50;

  /** Filters that make as much of nothing as a number says; no chat template needs them. */
  private static final Set<String> UNBOUNDED_FILTERS = Set.of("batch", "center", "format", "slice");

  private static final Pattern MACRO = Pattern.compile("\\{%[-+]?\\s*(macro|call)\\b");

  private static final Pattern STRING =
      Pattern.compile("'(?:[^'\\\\]|\\\\.)*+'|\"(?:[^\"\\\\]|\\\\.)*+\"", Pattern.DOTALL);

  private static final Pattern FILTER = Pattern.compile("\\|\\s*(\\w+)");

  private static final Pattern TEST = Pattern.compile("\\bis\\s+(?:not\\s+)?(\\w+)");

  /** {@code not x is defined}: Jinjava would take the {@code not} first. */
  private static final Pattern NEGATED_TEST =
      Pattern.compile("\\bnot\\s+([\\w.]+)\\s+is\\s+(?!not\\b)(\\w+)");

  /** {@code for x in items if condition}, without an inline {@code if … else}. */
  private static final Pattern FILTERED_LOOP =
      Pattern.compile(
          "(\\{%[-+]?\\s*for\\s+(\\w+)\\s+in\\s+)((?:(?!%\\}| if ).)+) if ((?:(?!%\\}| else ).)+?)(\\s*[-+]?%\\})",
          Pattern.DOTALL);

  private static final Jinjava JINJAVA = engine();

  private final String source;
  private final Supplier<LocalDateTime> clock;

  JinjaTemplate(String source, Supplier<LocalDateTime> clock) {
    this.source = source;
    this.clock = clock;
  }

  /** The template as Jinjava understands it. */
  private String prepared() {
    if (source.length() > LONGEST_TEMPLATE) {
      throw new BrokenException(
          "it has %d characters, at most %d are read".formatted(source.length(), LONGEST_TEMPLATE),
          null);
    }
    Matcher macro = MACRO.matcher(source);
    if (macro.find()) {
      throw unsupported(source.substring(0, macro.start()), macro.group(1));
    }
    String lineEnds = source.replace("\r\n", "\n").replace('\r', '\n');
    // Jinja2 takes one line end off a template's end.
    return JinjaTags.prepare(
        lineEnds.endsWith("\n") ? lineEnds.substring(0, lineEnds.length() - 1) : lineEnds,
        JinjaTemplate::inJinjava);
  }

  private static BrokenException unsupported(String before, String what) {
    return new BrokenException(
        "line %d: '%s' is not supported".formatted(Math.max(1, before.lines().count()), what),
        null);
  }

  /** Refuses filters and tests that Jinjava has not: it would leave the value out. */
  private static void checkNames(String tag) {
    String code = STRING.matcher(tag).replaceAll("''");
    checkDepth(code);
    Context known = JINJAVA.getGlobalContext();
    for (Matcher filter = FILTER.matcher(code); filter.find(); ) {
      if (known.getFilter(filter.group(1)) == null) {
        throw new BrokenException("the filter '" + filter.group(1) + "' is not supported", null);
      }
    }
    for (Matcher test = TEST.matcher(code); test.find(); ) {
      if (known.getExpTest(test.group(1)) == null) {
        throw new BrokenException("the test '" + test.group(1) + "' is not supported", null);
      }
    }
  }

  /** Jinjava's parser looks ahead at every bracket, which takes minutes where thousands nest. */
  private static void checkDepth(String code) {
    int depth = 0;
    for (int i = 0; i < code.length(); i++) {
      char c = code.charAt(i);
      depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
      if (depth > DEEPEST_BRACKETS) {
        throw new BrokenException("brackets nest deeper than " + DEEPEST_BRACKETS, null);
      }
    }
  }

  /** Says a tag so that Jinjava understands it as Jinja2 does. */
  private static String inJinjava(String tag) {
    checkNames(tag);
    String said = NEGATED_TEST.matcher(tag).replaceAll("$1 is not $2");
    if (said.startsWith("{{")) {
      return "{{ (%s)|%s }}"
          .formatted(said.substring(2, said.length() - 2), JinjaFilters.Print.NAME);
    }
    Matcher loop = FILTERED_LOOP.matcher(said);
    if (!loop.matches()) {
      return said;
    }
    String condition = loop.group(4).replace("\\", "\\\\").replace("'", "\\'");
    return "%s(%s)|%s('%s', '%s')%s"
        .formatted(
            loop.group(1),
            loop.group(3),
            JinjaFilters.Where.NAME,
            loop.group(2),
            condition,
            loop.group(5));
  }

  private static Jinjava engine() {
    CompositeELResolver resolver = new CompositeELResolver();
    resolver.add(new PythonMethods());
    resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
    JinjavaConfig config =
        JinjavaConfig.newBuilder()
            // Jinjava would take the line end off the output, Jinja2 takes it off the template.
            .withKeepTrailingNewline(true)
            // Otherwise Jinja-looking text in a message would be run.
            .withNestedInterpretationEnabled(false)
            .withElResolver(resolver)
            .withDisabled(Map.of(Context.Library.FILTER, UNBOUNDED_FILTERS))
            .withMaxOutputSize(LONGEST_OUTPUT)
            .withMaxListSize(LONGEST_LIST)
            .withMaxMapSize(LONGEST_LIST)
            .withProcessors(
                JinjavaProcessors.newBuilder()
                    .withNodePreProcessor((node, interpreter) -> RenderBudget.spend(interpreter))
                    .build())
            .withLegacyOverrides(
                LegacyOverrides.newBuilder()
                    .withEvaluateMapKeys(true)
                    .withIterateOverMapKeys(true)
                    .withUseNaturalOperatorPrecedence(true)
                    .withParseWhitespaceControlStrictly(true)
                    .withAllowAdjacentTextNodes(true)
                    .withUseTrimmingForNotesAndExpressions(true)
                    .withKeepNullableLoopValues(true)
                    .withHandleBackslashInQuotesOnly(true)
                    .build())
            .build();
    Jinjava jinjava = new Jinjava(config);
    jinjava.setResourceLocator(JinjaTemplate::refuseFile);
    jinjava.getGlobalContext().registerFilter(new JinjaFilters.Trim());
    jinjava.getGlobalContext().registerFilter(new JinjaFilters.ToJson());
    jinjava.getGlobalContext().registerFilter(new JinjaFilters.Where());
    jinjava.getGlobalContext().registerFilter(new JinjaFilters.Print());
    for (String function : List.of("raise_exception", "strftime_now")) {
      jinjava
          .getGlobalContext()
          .registerFunction(
              new ELFunctionDefinition("", function, Functions.class, function, String.class));
    }
    return jinjava;
  }

  /** Templates are read alone: transformers' have no others to include either. */
  private static String refuseFile(String name, Charset encoding, JinjavaInterpreter interpreter) {
    throw new BrokenException("another file is not included", null);
  }

  /** What templates can call. */
  public static final class Functions {

    private Functions() {}

    /** Refuses the conversation. */
    @SuppressWarnings({"MethodName", "checkstyle"}) // named as templates call it
    public static String raise_exception(String message) {
      throw new RefusedException(message);
    }

    /** Tells the time in C's format. */
    @SuppressWarnings({"MethodName", "checkstyle"}) // named as templates call it
    public static String strftime_now(String format) {
      Object clock = JinjavaInterpreter.getCurrent().getContext().get(CLOCK);
      LocalDateTime now =
          clock instanceof Supplier<?> supplier && supplier.get() instanceof LocalDateTime time
              ? time
              : LocalDateTime.now();
      return StrftimeFormat.format(format, now);
    }
  }

  /** The template refuses the conversation: the message is the template's. */
  static final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
      super(message);
    }
  }

  /** The template cannot be rendered. */
  static final class BrokenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BrokenException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Renders the template.
   *
   * @throws RefusedException when it calls {@code raise_exception}
   * @throws BrokenException when it is not Jinja, or uses what is not supported
   */
  String render(Map<String, @Nullable Object> variables) {
    Map<String, @Nullable Object> all = new HashMap<>(variables);
    all.put(CLOCK, clock);
    all.put("strftime_now", "a function"); // so that "strftime_now is defined" holds
    RenderBudget.put(all);
    RenderResult result = render(prepared(), all);
    for (TemplateError error : result.getErrors()) {
      for (Throwable e = error.getException(); e != null; e = e.getCause()) {
        if (e instanceof RefusedException refused) {
          throw refused;
        }
      }
    }
    if (result.hasErrors()) {
      TemplateError error = result.getErrors().get(0);
      throw new BrokenException(
          "line " + error.getLineno() + ": " + error.getMessage(), error.getException());
    }
    return result.getOutput();
  }

  /** What is nested too deep or grows too large is the template's fault, and harms nobody else. */
  private static RenderResult render(String prepared, Map<String, @Nullable Object> variables) {
    try {
      return JINJAVA.renderForResult(prepared, variables);
    } catch (StackOverflowError e) {
      throw new BrokenException("it is nested too deep", e);
    } catch (OutOfMemoryError e) {
      throw new BrokenException("it needs too much memory", e);
    } catch (RenderBudget.SpentError e) {
      throw new BrokenException("it takes too many steps", e);
    }
  }
}
