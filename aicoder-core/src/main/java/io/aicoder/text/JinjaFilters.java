package io.aicoder.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.util.ObjectTruthValue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Filters that Jinjava lacks or has otherwise than Jinja2 in transformers. */
final class JinjaFilters {

  private JinjaFilters() {}

  /** {@code trim}, by Python's idea of white space. */
  static final class Trim implements Filter {
    @Override
    public String getName() {
      return "trim";
    }

    @Override
    public @Nullable Object filter(
        @Nullable Object value, JinjavaInterpreter interpreter, String... arguments) {
      return value == null
          ? null
          : PythonMethods.strip(
              value.toString(), arguments.length > 0 ? arguments[0] : null, true, true);
    }
  }

  /** {@code tojson} as transformers has it: {@code json.dumps(ensure_ascii=False)}. */
  static final class ToJson implements Filter {

    private static final ObjectWriter WRITER = new ObjectMapper().writer(printer());

    private static DefaultPrettyPrinter printer() {
      Separators separators =
          Separators.createDefaultInstance()
              .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
              .withObjectEntrySpacing(Separators.Spacing.AFTER)
              .withArrayValueSpacing(Separators.Spacing.AFTER)
              .withObjectEmptySeparator("")
              .withArrayEmptySeparator("");
      DefaultPrettyPrinter printer = new DefaultPrettyPrinter(separators);
      printer.indentArraysWith(DefaultPrettyPrinter.NopIndenter.instance);
      printer.indentObjectsWith(DefaultPrettyPrinter.NopIndenter.instance);
      return printer;
    }

    @Override
    public String getName() {
      return "tojson";
    }

    @Override
    public Object filter(
        @Nullable Object value, JinjavaInterpreter interpreter, String... arguments) {
      if (arguments.length > 0) {
        throw new InterpretException("tojson with arguments is not supported");
      }
      try {
        return WRITER.writeValueAsString(value);
      } catch (JsonProcessingException e) {
        throw new InterpretException("tojson: " + e.getOriginalMessage(), e);
      }
    }
  }

  /** Keeps the items of a loop for which a condition holds: what {@code for … if} becomes. */
  static final class Where implements Filter {

    static final String NAME = "aicoder_where";

    @Override
    public String getName() {
      return NAME;
    }

    @Override
    public Object filter(
        @Nullable Object value, JinjavaInterpreter interpreter, String... arguments) {
      List<Object> kept = new ArrayList<>();
      if (value instanceof Iterable<?> items) {
        try (var scope = interpreter.enterNonStackingScope()) {
          for (Object item : items) {
            interpreter.getContext().put(arguments[0], item);
            Object holds =
                interpreter.resolveELExpression(arguments[1], interpreter.getLineNumber());
            if (ObjectTruthValue.evaluate(holds)) {
              kept.add(item);
            }
          }
        }
      }
      return kept;
    }
  }

  /** Prints a value as Python does: what every {@code {{ … }}} goes through. */
  static final class Print implements Filter {

    static final String NAME = "aicoder_print";

    @Override
    public String getName() {
      return NAME;
    }

    @Override
    public Object filter(
        @Nullable Object value, JinjavaInterpreter interpreter, String... arguments) {
      // None and what is not defined are the same to Jinjava; templates print neither on purpose.
      return value == null || value instanceof CharSequence
          ? Objects.toString(value, "")
          : represented(value);
    }

    private static String represented(@Nullable Object value) {
      if (value == null) {
        return "None";
      }
      if (value instanceof Boolean flag) {
        return flag ? "True" : "False";
      }
      if (value instanceof CharSequence text) {
        return quoted(text.toString());
      }
      if (value instanceof Map<?, ?> map) {
        return map.entrySet().stream()
            .map(entry -> represented(entry.getKey()) + ": " + represented(entry.getValue()))
            .collect(Collectors.joining(", ", "{", "}"));
      }
      if (value instanceof Collection<?> items) {
        return items.stream().map(Print::represented).collect(Collectors.joining(", ", "[", "]"));
      }
      return value.toString();
    }

    private static String quoted(String text) {
      char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
      String escaped =
          text.replace("\\", "\\\\")
              .replace("\n", "\\n")
              .replace("\r", "\\r")
              .replace("\t", "\\t")
              .replace(String.valueOf(quote), "\\" + quote);
      return quote + escaped + quote;
    }
  }
}
