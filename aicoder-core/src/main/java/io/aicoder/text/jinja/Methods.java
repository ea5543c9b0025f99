package io.aicoder.text.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The methods of texts, lists and dictionaries that change nothing. */
final class Methods {

  private static final Map<String, Method<String>> OF_TEXTS = ofTexts();

  private Methods() {}

  private interface Method<T> {
    Object call(T self, Arguments arguments);
  }

  /** Returns a value's method, or {@code null} when it has none of that name. */
  static @Nullable Function of(Object value, String name) {
    if (value instanceof String text) {
      Method<String> method = OF_TEXTS.get(name);
      return method == null ? null : arguments -> method.call(text, arguments);
    }
    if (value instanceof Map<?, ?> map) {
      return ofMap(map, name);
    }
    if (value instanceof List<?> list) {
      return ofList(list, name);
    }
    return null;
  }

  private static @Nullable Function ofMap(Map<?, ?> map, String name) {
    return switch (name) {
      case "items" -> arguments -> pairs(map);
      case "keys" -> arguments -> new ArrayList<Object>(map.keySet());
      case "values" -> arguments -> new ArrayList<Object>(map.values());
      case "get" ->
          arguments -> {
            Object value = map.get(arguments.get(0, "key"));
            return value == null ? arguments.get(1, "default", Values.None.NONE) : value;
          };
      default -> null;
    };
  }

  /** Returns the entries of a dictionary, each a list of key and value. */
  static List<Object> pairs(Map<?, ?> map) {
    List<Object> pairs = new ArrayList<>();
    map.forEach((key, value) -> pairs.add(List.of(key, value)));
    return pairs;
  }

  private static @Nullable Function ofList(List<?> list, String name) {
    return switch (name) {
      case "count" ->
          arguments -> {
            Object sought = arguments.get(0, "value");
            return list.stream().filter(item -> Values.equal(item, sought)).count();
          };
      case "index" ->
          arguments -> {
            Object sought = arguments.get(0, "value");
            for (int i = 0; i < list.size(); i++) {
              if (Values.equal(list.get(i), sought)) {
                return (long) i;
              }
            }
            throw new TemplateException(Values.represented(sought) + " is not in the list");
          };
      default -> null;
    };
  }

  private static Map<String, Method<String>> ofTexts() {
    Map<String, Method<String>> methods = new HashMap<>();
    methods.put("strip", (self, a) -> PythonText.strip(self, optText(a, "chars"), true, true));
    methods.put("lstrip", (self, a) -> PythonText.strip(self, optText(a, "chars"), true, false));
    methods.put("rstrip", (self, a) -> PythonText.strip(self, optText(a, "chars"), false, true));
    methods.put(
        "split",
        (self, a) -> PythonText.split(self, optText(a, "sep"), a.number(1, "maxsplit", -1)));
    methods.put(
        "rsplit",
        (self, a) ->
            PythonText.splitFromRight(self, a.text(0, "sep"), a.number(1, "maxsplit", -1)));
    methods.put("splitlines", (self, a) -> PythonText.lines(self));
    methods.put("startswith", (self, a) -> affixes(a).stream().anyMatch(self::startsWith));
    methods.put("endswith", (self, a) -> affixes(a).stream().anyMatch(self::endsWith));
    methods.put("upper", (self, a) -> self.toUpperCase(Locale.ROOT));
    methods.put("lower", (self, a) -> self.toLowerCase(Locale.ROOT));
    methods.put("capitalize", (self, a) -> PythonText.capitalize(self));
    methods.put("title", (self, a) -> PythonText.title(self, ""));
    methods.put("replace", (self, a) -> replace(self, a));
    methods.put("find", (self, a) -> place(self, self.indexOf(a.text(0, "sub"))));
    methods.put("rfind", (self, a) -> place(self, self.lastIndexOf(a.text(0, "sub"))));
    methods.put("count", (self, a) -> PythonText.split(self, a.text(0, "sub"), -1).size() - 1L);
    methods.put("join", (self, a) -> join(self, a));
    methods.put("isdigit", (self, a) -> all(self, Character::isDigit));
    methods.put("isalpha", (self, a) -> all(self, Character::isLetter));
    methods.put("isalnum", (self, a) -> all(self, Character::isLetterOrDigit));
    methods.put("isspace", (self, a) -> all(self, PythonText::isSpace));
    methods.put(
        "removeprefix",
        (self, a) ->
            self.startsWith(a.text(0, "prefix"))
                ? self.substring(a.text(0, "prefix").length())
                : self);
    methods.put(
        "removesuffix",
        (self, a) ->
            self.endsWith(a.text(0, "suffix"))
                ? self.substring(0, self.length() - a.text(0, "suffix").length())
                : self);
    return Map.copyOf(methods);
  }

  private static @Nullable String optText(Arguments arguments, String name) {
    return arguments.get(0, name, Values.None.NONE) == Values.None.NONE
        ? null
        : arguments.text(0, name);
  }

  /** The one text or the tuple of texts that startswith and endswith take. */
  private static List<String> affixes(Arguments arguments) {
    Object given = arguments.get(0, "affix");
    List<?> list = given instanceof List<?> several ? several : List.of(given);
    List<String> affixes = new ArrayList<>();
    for (Object affix : list) {
      if (!(affix instanceof String text)) {
        throw new TemplateException("a text is needed, not " + Values.type(affix));
      }
      affixes.add(text);
    }
    return affixes;
  }

  static String replace(String self, Arguments arguments) {
    String old = arguments.text(0, "old");
    String replacement = arguments.text(1, "new");
    long limit = arguments.number(2, "count", -1);
    if (limit < 0) {
      return self.replace(old, replacement);
    }
    List<Object> parts = PythonText.split(self, old, limit);
    return String.join(replacement, parts.stream().map(Values::text).toList());
  }

  private static String join(String self, Arguments arguments) {
    List<String> parts = new ArrayList<>();
    for (Object item : Values.items(arguments.get(0, "iterable"))) {
      if (!(item instanceof String text)) {
        throw new TemplateException("join needs texts, not " + Values.type(item));
      }
      parts.add(text);
    }
    return String.join(self, parts);
  }

  private static long place(String self, int at) {
    return at < 0 ? -1 : self.codePointCount(0, at);
  }

  private static boolean all(String self, java.util.function.IntPredicate predicate) {
    return !self.isEmpty() && self.codePoints().allMatch(predicate);
  }
}
