package io.aicoder.text.jinja;

import io.aicoder.text.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a value holds: its items, slices and attributes. */
final class Items {

  private Items() {}

  /** Returns {@code value[key]}, undefined when it is not there. */
  static Object item(Object value, Object key) {
    if (value instanceof Map<?, ?> map) {
      Object item = map.get(key);
      return item == null ? new Undefined(Values.text(key)) : item;
    }
    boolean sequence = value instanceof List || value instanceof String;
    if (sequence && (key instanceof Long || key instanceof Boolean)) {
      List<Object> items = Values.items(value);
      long index = Values.asLong(key);
      long place = index < 0 ? index + items.size() : index;
      return place >= 0 && place < items.size()
          ? items.get((int) place)
          : new Undefined("item " + index);
    }
    return new Undefined(Values.text(key));
  }

  /** Returns an attribute or method, or {@code null} when there is none of that name. */
  static @Nullable Object attribute(Object value, String name) {
    return value instanceof Values.Attributed attributed
        ? attributed.attribute(name)
        : Methods.of(value, name);
  }

  /** Returns what {@code selectattr('a.b')} looks at: attributes or items, one in the other. */
  static Object path(Object value, String path) {
    Object at = value;
    for (String name : path.split("\\.", -1)) {
      Object key = name.matches("\\d{1,9}") ? (Object) Long.valueOf(name) : name;
      Object attribute = attribute(at, name);
      at = attribute == null || at instanceof Map ? item(at, key) : attribute;
    }
    return at;
  }

  /** Returns {@code value[from:to:step]}. */
  static Object slice(
      Object value, @Nullable Long from, @Nullable Long to, @Nullable Long stepOrNone) {
    if (!(value instanceof String) && !(value instanceof List)) {
      throw new TemplateException(Values.type(value) + " cannot be sliced");
    }
    List<Object> items = Values.items(value);
    long step = stepOrNone == null ? 1 : stepOrNone;
    if (step == 0) {
      throw new TemplateException("a slice's step cannot be 0");
    }
    int size = items.size();
    long begin = bound(from, step > 0 ? 0 : size - 1, size, step);
    long end = bound(to, step > 0 ? size : -1, size, step);
    List<Object> part = new ArrayList<>();
    for (long i = begin; step > 0 ? i < end : i > end; i += step) {
      part.add(items.get((int) i));
      if (Math.abs(step) > size) {
        break;
      }
    }
    return value instanceof String
        ? String.join("", part.stream().map(Values::text).toList())
        : part;
  }

  private static long bound(@Nullable Long given, long absent, int size, long step) {
    if (given == null) {
      return absent;
    }
    long place = given < 0 ? given + size : given;
    return step > 0 ? Math.min(Math.max(place, 0), size) : Math.min(Math.max(place, -1), size - 1L);
  }
}
