package io.aicoder.text.jinja;

import java.util.List;
import java.util.Map;

/**
 * The arguments of a call.
 *
 * @param positional those without a name
 * @param named those with one
 */
public record Arguments(List<Object> positional, Map<String, Object> named) {

  /** Returns an argument by place or name. */
  Object get(int index, String name, Object absent) {
    return index < positional.size() ? positional.get(index) : named.getOrDefault(name, absent);
  }

  /** Returns an argument that must be there. */
  Object get(int index, String name) {
    Object value = get(index, name, Missing.MISSING);
    if (value == Missing.MISSING) {
      throw new TemplateException("the argument '" + name + "' is missing");
    }
    return value;
  }

  /**
   * Returns a text that must be there.
   *
   * @throws TemplateException when it is not, or is no text
   */
  public String text(int index, String name) {
    if (get(index, name) instanceof String text) {
      return text;
    }
    throw new TemplateException("the argument '" + name + "' must be a text");
  }

  long number(int index, String name, long absent) {
    return Values.asLong(get(index, name, absent));
  }

  boolean flag(int index, String name, boolean absent) {
    return Values.truth(get(index, name, absent));
  }

  private enum Missing {
    MISSING
  }
}
