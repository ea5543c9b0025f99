package io.aicoder.text.jinja;

import io.aicoder.text.jinja.Values.None;
import io.aicoder.text.jinja.Values.Undefined;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Jinja's tests: what stands behind {@code is}. */
final class Tests {

  private static final Map<String, Test> ALL = all();

  private Tests() {}

  /** A test. */
  interface Test {
    boolean holds(Object value, Arguments arguments);
  }

  static @Nullable Test named(String name) {
    return ALL.get(name);
  }

  private static Map<String, Test> all() {
    Map<String, Test> tests = new HashMap<>();
    tests.put("defined", (value, a) -> !(value instanceof Undefined));
    tests.put("undefined", (value, a) -> value instanceof Undefined);
    tests.put("none", (value, a) -> value == None.NONE);
    tests.put("string", (value, a) -> value instanceof String);
    tests.put("number", (value, a) -> Values.isNumber(value));
    tests.put("integer", (value, a) -> value instanceof Long);
    tests.put("float", (value, a) -> value instanceof Double);
    tests.put("boolean", (value, a) -> value instanceof Boolean);
    tests.put("true", (value, a) -> value.equals(true));
    tests.put("false", (value, a) -> value.equals(false));
    tests.put("mapping", (value, a) -> value instanceof Map);
    tests.put("sequence", (value, a) -> isIterable(value) && !(value instanceof Undefined));
    tests.put("iterable", (value, a) -> isIterable(value));
    tests.put("callable", (value, a) -> value instanceof Function);
    tests.put("odd", (value, a) -> Math.floorMod(Values.asLong(value), 2L) == 1);
    tests.put("even", (value, a) -> Math.floorMod(Values.asLong(value), 2L) == 0);
    tests.put(
        "divisibleby", (value, a) -> Arithmetic.binary("%", value, a.get(0, "num")).equals(0L));
    tests.put("lower", (value, a) -> isCased(Values.text(value), Locale.ROOT, false));
    tests.put("upper", (value, a) -> isCased(Values.text(value), Locale.ROOT, true));
    tests.put("sameas", (value, a) -> isSame(value, a.get(0, "other")));
    for (String[] names :
        List.of(
            new String[] {"==", "eq", "equalto"},
            new String[] {"!=", "ne"},
            new String[] {"<", "lt", "lessthan"},
            new String[] {"<=", "le"},
            new String[] {">", "gt", "greaterthan"},
            new String[] {">=", "ge"},
            new String[] {"in"})) {
      for (String name : names) {
        tests.put(name, (value, a) -> Expression.Comparison.holds(names[0], value, a.get(0, "b")));
      }
    }
    return Map.copyOf(tests);
  }

  private static boolean isIterable(Object value) {
    return value instanceof String
        || value instanceof List
        || value instanceof Map
        || value instanceof Undefined;
  }

  private static boolean isSame(Object a, Object b) {
    return a == b || (!(a instanceof List) && !(a instanceof Map) && a.equals(b));
  }

  private static boolean isCased(String text, Locale locale, boolean upper) {
    String cased = upper ? text.toUpperCase(locale) : text.toLowerCase(locale);
    String other = upper ? text.toLowerCase(locale) : text.toUpperCase(locale);
    return text.equals(cased) && !text.equals(other);
  }
}
