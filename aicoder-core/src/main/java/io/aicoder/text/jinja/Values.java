package io.aicoder.text.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The values of a template and what Python makes of them: {@code String}, {@code Long}, {@code
 * Double}, {@code Boolean}, {@code List} (a tuple too), {@code Map}, {@link None}, {@link
 * Undefined}, {@link Function} and objects with attributes.
 */
final class Values {

  private Values() {}

  /** Python's {@code None}. */
  enum None {
    NONE
  }

  /**
   * What a name or attribute that is not there stands for.
   *
   * @param name what is not there
   */
  record Undefined(String name) {
    TemplateException error() {
      return new TemplateException("'" + name + "' is undefined");
    }
  }

  /** An object with attributes that are no items, such as {@code loop}. */
  interface Attributed {
    /** Returns an attribute, or {@code null} when there is none of that name. */
    @Nullable Object attribute(String name);
  }

  /** Returns what a Java value is in a template. */
  static Object of(@Nullable Object value) {
    if (value == null) {
      return None.NONE;
    }
    if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
      return ((Number) value).longValue();
    }
    if (value instanceof Float number) {
      return number.doubleValue();
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copy = new LinkedHashMap<>();
      map.forEach((key, item) -> copy.put(of(key), of(item)));
      return copy;
    }
    if (value instanceof Iterable<?> items) {
      List<Object> copy = new ArrayList<>();
      items.forEach(item -> copy.add(of(item)));
      return copy;
    }
    return value;
  }

  static boolean truth(Object value) {
    if (value instanceof Boolean flag) {
      return flag;
    }
    if (value instanceof String text) {
      return !text.isEmpty();
    }
    if (value instanceof Number number) {
      return number.doubleValue() != 0;
    }
    if (value instanceof List<?> list) {
      return !list.isEmpty();
    }
    if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return !(value instanceof None) && !(value instanceof Undefined);
  }

  /** What is printed: {@code str(value)}. */
  static String text(Object value) {
    if (value instanceof String text) {
      return text;
    }
    return value instanceof Undefined ? "" : represented(value);
  }

  /** {@code repr(value)}. */
  static String represented(Object value) {
    if (value instanceof String text) {
      return PythonText.quoted(text);
    }
    if (value instanceof Boolean flag) {
      return flag ? "True" : "False";
    }
    if (value instanceof Double number) {
      return number(number);
    }
    if (value instanceof List<?> list) {
      return list.stream().map(Values::represented).collect(Collectors.joining(", ", "[", "]"));
    }
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(entry -> represented(entry.getKey()) + ": " + represented(entry.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    return value == None.NONE ? "None" : value.toString();
  }

  /** {@code repr(float)}: the shortest digits, with an exponent only when it is large. */
  static String number(double number) {
    if (Double.isNaN(number)) {
      return "nan";
    }
    if (Double.isInfinite(number)) {
      return number > 0 ? "inf" : "-inf";
    }
    double size = Math.abs(number);
    if (size != 0 && (size < 1e-4 || size >= 1e16)) {
      String[] parts = Double.toString(number).split("E", -1);
      int exponent = Integer.parseInt(parts[1]);
      String digits =
          parts[0].endsWith(".0") ? parts[0].substring(0, parts[0].length() - 2) : parts[0];
      return "%se%s%02d".formatted(digits, exponent < 0 ? "-" : "+", Math.abs(exponent));
    }
    String plain = new BigDecimal(Double.toString(number)).toPlainString();
    return plain.contains(".") ? plain : plain + ".0";
  }

  static boolean equal(Object a, Object b) {
    if (isNumber(a) && isNumber(b)) {
      return asDouble(a) == asDouble(b)
          && (!(a instanceof Long && b instanceof Long) || a.equals(b));
    }
    if (a instanceof List<?> one && b instanceof List<?> other) {
      return one.size() == other.size()
          && java.util.stream.IntStream.range(0, one.size())
              .allMatch(i -> equal(one.get(i), other.get(i)));
    }
    if (a instanceof Map<?, ?> one && b instanceof Map<?, ?> other) {
      return one.size() == other.size()
          && one.entrySet().stream()
              .allMatch(
                  entry ->
                      other.containsKey(entry.getKey())
                          && equal(entry.getValue(), item(other, entry.getKey())));
    }
    return a instanceof Undefined ? b instanceof Undefined : a.equals(b);
  }

  private static Object item(Map<?, ?> map, Object key) {
    Object value = map.get(key);
    return value == null ? None.NONE : value;
  }

  /** Whether a value is a number; truth values are 0 and 1. */
  static boolean isNumber(Object value) {
    return value instanceof Number || value instanceof Boolean;
  }

  static double asDouble(Object value) {
    return value instanceof Boolean flag ? (flag ? 1 : 0) : ((Number) value).doubleValue();
  }

  /** Returns a whole number, or fails as Python does. */
  static long asLong(Object value) {
    if (value instanceof Long number) {
      return number;
    }
    if (value instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    throw new TemplateException("a whole number is needed, not " + type(value));
  }

  /** Compares numbers, texts or lists; negative, 0 or positive. */
  static int compare(Object a, Object b) {
    if (isNumber(a) && isNumber(b)) {
      return a instanceof Long one && b instanceof Long other
          ? Long.compare(one, other)
          : Double.compare(asDouble(a), asDouble(b));
    }
    if (a instanceof String one && b instanceof String other) {
      return compareTexts(one, other);
    }
    if (a instanceof List<?> one && b instanceof List<?> other) {
      for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
        if (!equal(one.get(i), other.get(i))) {
          return compare(one.get(i), other.get(i));
        }
      }
      return Integer.compare(one.size(), other.size());
    }
    throw new TemplateException(type(a) + " and " + type(b) + " cannot be compared");
  }

  /** By code points, where Java would compare halves of surrogate pairs. */
  private static int compareTexts(String a, String b) {
    return java.util.Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());
  }

  /** Returns the items that a loop goes through. */
  static List<Object> items(Object value) {
    if (value instanceof List<?> list) {
      return new ArrayList<>(list);
    }
    if (value instanceof Map<?, ?> map) {
      return new ArrayList<>(map.keySet());
    }
    if (value instanceof String text) {
      return PythonText.characters(text);
    }
    if (value instanceof Undefined) {
      return List.of();
    }
    throw new TemplateException(type(value) + " cannot be iterated over");
  }

  static boolean contains(Object container, Object value) {
    if (container instanceof String text) {
      if (value instanceof String part) {
        return text.contains(part);
      }
      throw new TemplateException("'in' a text needs a text, not " + type(value));
    }
    return items(container).stream().anyMatch(item -> equal(item, value));
  }

  /** Returns the name of a value's type, for messages. */
  static String type(Object value) {
    if (value instanceof Undefined undefined) {
      return "the undefined '" + undefined.name() + "'";
    }
    return value instanceof String
        ? "str"
        : value instanceof Long
            ? "int"
            : value instanceof Double
                ? "float"
                : value instanceof Boolean
                    ? "bool"
                    : value instanceof List
                        ? "list"
                        : value instanceof Map ? "dict" : value == None.NONE ? "None" : "object";
  }
}
