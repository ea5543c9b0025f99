package io.aicoder.text.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The names that a part of a template sees: its own, then those around it. */
final class Scope {

  private final @Nullable Scope parent;
  private final Map<String, Object> names = new HashMap<>();

  Scope(@Nullable Scope parent) {
    this.parent = parent;
  }

  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.parent) {
      Object value = scope.names.get(name);
      if (value != null) {
        return value;
      }
    }
    return new Values.Undefined(name);
  }

  void set(String name, Object value) {
    names.put(name, value);
  }
}
