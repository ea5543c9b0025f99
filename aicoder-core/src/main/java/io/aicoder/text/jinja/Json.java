package io.aicoder.text.jinja;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Python's {@code json.dumps(value, ensure_ascii=False)}: transformers' {@code tojson} filter. */
final class Json {

  private final String itemSeparator;
  private final String keySeparator;
  private final int indent;
  private final boolean sorted;
  private final boolean ascii;
  private final StringBuilder out = new StringBuilder();

  private Json(Arguments arguments) {
    ascii = arguments.flag(0, "ensure_ascii", false);
    Object width = arguments.get(1, "indent", Values.None.NONE);
    indent = width == Values.None.NONE ? -1 : (int) Values.asLong(width);
    Object separators = arguments.get(2, "separators", Values.None.NONE);
    if (separators instanceof List<?> pair && pair.size() == 2) {
      itemSeparator = Values.text(pair.get(0));
      keySeparator = Values.text(pair.get(1));
    } else {
      itemSeparator = indent < 0 ? ", " : ",";
      keySeparator = ": ";
    }
    sorted = arguments.flag(3, "sort_keys", false);
  }

  static String write(Object value, Arguments arguments) {
    Json json = new Json(arguments);
    json.value(value, 1);
    return json.out.toString();
  }

  private void value(Object value, int depth) {
    if (value instanceof String text) {
      text(text);
    } else if (value instanceof Map<?, ?> map) {
      map(map, depth);
    } else if (value instanceof List<?> list) {
      list(list, depth);
    } else if (value instanceof Boolean || value instanceof Long) {
      out.append(value);
    } else if (value instanceof Double number) {
      out.append(
          Double.isNaN(number)
              ? "NaN"
              : Double.isInfinite(number)
                  ? (number > 0 ? "Infinity" : "-Infinity")
                  : Values.number(number));
    } else if (value == Values.None.NONE) {
      out.append("null");
    } else {
      throw new TemplateException(Values.type(value) + " cannot be written as JSON");
    }
  }

  private void list(List<?> list, int depth) {
    out.append('[');
    String separator = "";
    for (Object item : list) {
      out.append(separator);
      newLine(depth);
      value(item, depth + 1);
      separator = itemSeparator;
    }
    if (!list.isEmpty()) {
      newLine(depth - 1);
    }
    out.append(']');
  }

  private void map(Map<?, ?> map, int depth) {
    Map<?, ?> entries = map;
    if (sorted) {
      Map<Object, Object> tree = new TreeMap<>(Values::compare);
      map.forEach(tree::put);
      entries = tree;
    }
    out.append('{');
    String separator = "";
    for (Map.Entry<?, ?> entry : entries.entrySet()) {
      out.append(separator);
      newLine(depth);
      text(key(entry.getKey()));
      out.append(keySeparator);
      value(entry.getValue(), depth + 1);
      separator = itemSeparator;
    }
    if (!map.isEmpty()) {
      newLine(depth - 1);
    }
    out.append('}');
  }

  private static String key(Object key) {
    return key instanceof String text
        ? text
        : key instanceof Boolean
            ? key.toString()
            : key == Values.None.NONE ? "null" : Values.text(key);
  }

  private void newLine(int depth) {
    if (indent >= 0) {
      out.append('\n').append(" ".repeat(Math.min(indent, 64) * depth));
    }
  }

  private void text(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20 || (ascii && c > 0x7E)) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
