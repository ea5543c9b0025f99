package io.aicoder.text.jinja;

import io.aicoder.text.jinja.Values.None;
import io.aicoder.text.jinja.Values.Undefined;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Jinja's filters: what stands behind {@code |}. */
final class Filters {

  private static final Map<String, Filter> ALL = all();

  private Filters() {}

  /** A filter. */
  interface Filter {
    Object apply(Object value, Arguments arguments);
  }

  static @Nullable Filter named(String name) {
    return ALL.get(name);
  }

  private static Map<String, Filter> all() {
    Map<String, Filter> filters = new HashMap<>();
    addTexts(filters);
    addSequences(filters);
    addNumbers(filters);
    filters.put("default", Filters::orDefault);
    filters.put("d", Filters::orDefault);
    filters.put("tojson", Json::write);
    filters.put("map", Filters::map);
    filters.put("select", (value, a) -> select(value, a, false, true));
    filters.put("reject", (value, a) -> select(value, a, false, false));
    filters.put("selectattr", (value, a) -> select(value, a, true, true));
    filters.put("rejectattr", (value, a) -> select(value, a, true, false));
    return Map.copyOf(filters);
  }

  private static void addTexts(Map<String, Filter> filters) {
    filters.put("trim", Filters::trim);
    filters.put("upper", (value, a) -> Values.text(value).toUpperCase(Locale.ROOT));
    filters.put("lower", (value, a) -> Values.text(value).toLowerCase(Locale.ROOT));
    filters.put("capitalize", (value, a) -> PythonText.capitalize(Values.text(value)));
    filters.put("title", (value, a) -> PythonText.title(Values.text(value), "-({[<"));
    filters.put("replace", (value, a) -> Methods.replace(Values.text(value), a));
    filters.put("string", (value, a) -> Values.text(value));
    filters.put("safe", (value, a) -> Values.text(value));
    filters.put("escape", (value, a) -> escape(Values.text(value)));
    filters.put("e", (value, a) -> escape(Values.text(value)));
    filters.put("indent", Filters::indent);
    filters.put("join", Filters::join);
  }

  private static void addSequences(Map<String, Filter> filters) {
    filters.put("length", (value, a) -> length(value));
    filters.put("count", (value, a) -> length(value));
    filters.put("list", (value, a) -> Values.items(value));
    filters.put("first", (value, a) -> Items.item(Values.items(value), 0L));
    filters.put("last", (value, a) -> Items.item(Values.items(value), -1L));
    filters.put("reverse", Filters::reverse);
    filters.put("unique", (value, a) -> unique(Values.items(value)));
    filters.put("sort", Filters::sort);
    filters.put("min", (value, a) -> extreme(value, Values::compare));
    filters.put("max", (value, a) -> extreme(value, (x, y) -> Values.compare(y, x)));
    filters.put("items", (value, a) -> value instanceof Undefined ? List.of() : pairs(value));
    filters.put(
        "dictsort",
        (value, a) -> {
          List<Object> pairs = pairs(value);
          pairs.sort(Filters::compareFolded);
          return pairs;
        });
  }

  private static void addNumbers(Map<String, Filter> filters) {
    filters.put("int", (value, a) -> toInt(value, a.get(0, "default", 0L)));
    filters.put("float", (value, a) -> toFloat(value, a.get(0, "default", 0.0)));
    filters.put(
        "abs",
        (value, a) -> Values.compare(value, 0L) < 0 ? Arithmetic.binary("*", -1L, value) : value);
    filters.put("round", Filters::round);
    filters.put(
        "sum",
        (value, a) ->
            Values.items(value).stream().reduce(0L, (x, y) -> Arithmetic.binary("+", x, y)));
  }

  private static Object orDefault(Object value, Arguments arguments) {
    boolean replaced =
        value instanceof Undefined || (arguments.flag(1, "boolean", false) && !Values.truth(value));
    return replaced ? arguments.get(0, "default_value", "") : value;
  }

  private static Object trim(Object value, Arguments arguments) {
    Object characters = arguments.get(0, "chars", None.NONE);
    return PythonText.strip(
        Values.text(value), characters instanceof String given ? given : null, true, true);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }

  private static Object indent(Object value, Arguments arguments) {
    Object width = arguments.get(0, "width", 4L);
    String indention =
        width instanceof String given ? given : (String) Arithmetic.binary("*", " ", width);
    boolean first = arguments.flag(1, "first", false);
    boolean blank = arguments.flag(2, "blank", false);
    List<String> lines = new ArrayList<>();
    for (Object line : PythonText.lines(Values.text(value) + "\n")) {
      boolean indented = lines.isEmpty() ? first : blank || !((String) line).isEmpty();
      lines.add(indented ? indention + line : (String) line);
    }
    return String.join("\n", lines);
  }

  private static Object join(Object value, Arguments arguments) {
    Object attribute = arguments.get(1, "attribute", None.NONE);
    List<String> parts = new ArrayList<>();
    for (Object item : Values.items(value)) {
      parts.add(Values.text(attribute instanceof String path ? Items.path(item, path) : item));
    }
    return String.join(Values.text(arguments.get(0, "d", "")), parts);
  }

  private static Object length(Object value) {
    return value instanceof String text
        ? (long) PythonText.length(text)
        : (long) Values.items(value).size();
  }

  private static Object reverse(Object value, Arguments arguments) {
    List<Object> items = new ArrayList<>(Values.items(value));
    Collections.reverse(items);
    return value instanceof String
        ? String.join("", items.stream().map(Values::text).toList())
        : items;
  }

  private static Object unique(List<Object> items) {
    List<Object> unique = new ArrayList<>();
    for (Object item : items) {
      if (unique.stream().noneMatch(known -> compareIfText(known, item))) {
        unique.add(item);
      }
    }
    return unique;
  }

  /** Texts are the same to unique and sort whatever their case. */
  private static boolean compareIfText(Object a, Object b) {
    return Values.equal(folded(a), folded(b));
  }

  private static Object folded(Object value) {
    return value instanceof String text ? text.toLowerCase(Locale.ROOT) : value;
  }

  private static int compareFolded(Object a, Object b) {
    Object one = a instanceof List<?> pair ? pair.get(0) : a;
    Object other = b instanceof List<?> pair ? pair.get(0) : b;
    return Values.compare(folded(one), folded(other));
  }

  private static Object sort(Object value, Arguments arguments) {
    List<Object> items = new ArrayList<>(Values.items(value));
    boolean sensitive = arguments.flag(1, "case_sensitive", false);
    Object attribute = arguments.get(2, "attribute", None.NONE);
    java.util.function.Function<Object, Object> key =
        item -> {
          Object at = attribute instanceof String path ? Items.path(item, path) : item;
          return sensitive ? at : folded(at);
        };
    Comparator<Object> order = Comparator.comparing(key, Values::compare);
    items.sort(arguments.flag(0, "reverse", false) ? order.reversed() : order);
    return items;
  }

  private static Object extreme(Object value, Comparator<Object> order) {
    return Values.items(value).stream()
        .min((a, b) -> order.compare(folded(a), folded(b)))
        .orElse(new Undefined("the least or greatest of an empty sequence"));
  }

  private static List<Object> pairs(Object value) {
    if (value instanceof Map<?, ?> map) {
      return Methods.pairs(map);
    }
    throw new TemplateException("a dict is needed, not " + Values.type(value));
  }

  private static Object toInt(Object value, Object otherwise) {
    try {
      if (Values.isNumber(value)) {
        return value instanceof Double number ? (long) number.doubleValue() : Values.asLong(value);
      }
      return new BigDecimal(Values.text(value).strip()).longValue();
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  private static Object toFloat(Object value, Object otherwise) {
    try {
      return Values.isNumber(value)
          ? (Object) Values.asDouble(value)
          : Double.valueOf(Values.text(value).strip());
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  private static Object round(Object value, Arguments arguments) {
    int places = (int) Math.min(arguments.number(0, "precision", 0), 30);
    RoundingMode mode =
        switch (Values.text(arguments.get(1, "method", "common"))) {
          case "ceil" -> RoundingMode.CEILING;
          case "floor" -> RoundingMode.FLOOR;
          default -> RoundingMode.HALF_EVEN;
        };
    Values.compare(value, 0L); // refuses what is no number
    return new BigDecimal(Values.asDouble(value)).setScale(places, mode).doubleValue();
  }

  private static Object map(Object value, Arguments arguments) {
    Object path = arguments.get(0, "attribute", None.NONE);
    boolean attribute = arguments.positional().isEmpty();
    Object otherwise = arguments.named().get("default");
    Arguments rest = rest(arguments, 1);
    List<Object> mapped = new ArrayList<>();
    for (Object item : Values.items(value)) {
      Object result =
          attribute
              ? Items.path(item, Values.text(path))
              : required(ALL.get(Values.text(path)), "filter", path).apply(item, rest);
      mapped.add(result instanceof Undefined && otherwise != null ? otherwise : result);
    }
    return mapped;
  }

  /** Keeps or drops the items, or those whose attribute, a test holds of; without a test, truth. */
  private static Object select(
      Object value, Arguments arguments, boolean byAttribute, boolean keep) {
    int at = byAttribute ? 1 : 0;
    List<Object> given = arguments.positional();
    Object name = at < given.size() ? given.get(at) : None.NONE;
    Tests.Test test =
        at < given.size()
            ? required(Tests.named(Values.text(name)), "test", name)
            : (item, none) -> Values.truth(item);
    Arguments rest = rest(arguments, at + 1);
    List<Object> selected = new ArrayList<>();
    for (Object item : Values.items(value)) {
      Object tested = byAttribute ? Items.path(item, arguments.text(0, "attribute")) : item;
      if (test.holds(tested, rest) == keep) {
        selected.add(item);
      }
    }
    return selected;
  }

  private static Arguments rest(Arguments arguments, int from) {
    List<Object> positional = arguments.positional();
    return new Arguments(
        positional.subList(Math.min(from, positional.size()), positional.size()),
        arguments.named());
  }

  private static <T> T required(@Nullable T found, String kind, Object name) {
    if (found == null) {
      throw new TemplateException("the " + kind + " '" + Values.text(name) + "' is not supported");
    }
    return found;
  }
}
