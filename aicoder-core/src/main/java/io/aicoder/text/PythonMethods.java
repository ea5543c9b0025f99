package io.aicoder.text;

import com.hubspot.jinjava.interpret.InterpretException;
import java.beans.FeatureDescriptor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;
import org.jspecify.annotations.Nullable;

/** The methods of Python's {@code str} and {@code dict} that chat templates call. */
final class PythonMethods extends ELResolver {

  @Override
  public @Nullable Object invoke(
      ELContext context,
      @Nullable Object base,
      @Nullable Object method,
      Class<?> @Nullable [] types,
      Object @Nullable [] arguments) {
    Object[] given = arguments == null ? new Object[0] : arguments;
    Object result = null;
    if (base instanceof CharSequence text) {
      result = ofText(text.toString(), String.valueOf(method), given);
    } else if (base instanceof Map<?, ?> map) {
      result = ofMap(map, String.valueOf(method), given);
    }
    if (result != null) {
      context.setPropertyResolved(true);
    }
    return result;
  }

  private static @Nullable Object ofText(String text, String method, Object[] arguments) {
    String first = arguments.length > 0 ? String.valueOf(arguments[0]) : null;
    return switch (method) {
      case "strip" -> strip(text, first, true, true);
      case "lstrip" -> strip(text, first, true, false);
      case "rstrip" -> strip(text, first, false, true);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "split" -> arguments.length < 2 ? split(text, first) : null;
      case "startswith" -> anyOf(arguments).stream().anyMatch(text::startsWith);
      case "endswith" -> anyOf(arguments).stream().anyMatch(text::endsWith);
      case "replace" ->
          arguments.length == 2
              ? replace(text, String.valueOf(first), String.valueOf(arguments[1]))
              : null;
      default -> null;
    };
  }

  /** Replacing a letter of a text by that text again and again would soon fill any memory. */
  private static String replace(String text, String old, String replacement) {
    long count = text.length() + 1L;
    if (count * replacement.length() > JinjaTemplate.LONGEST_OUTPUT && !old.isEmpty()) {
      count = 0;
      for (int at = text.indexOf(old); at >= 0; at = text.indexOf(old, at + old.length())) {
        count++;
      }
    }
    if (count * replacement.length() > JinjaTemplate.LONGEST_OUTPUT) {
      throw new InterpretException("replace would make a text of too many characters");
    }
    return text.replace(old, replacement);
  }

  private static @Nullable Object ofMap(Map<?, ?> map, String method, Object[] arguments) {
    return switch (method) {
      case "items" -> {
        List<List<Object>> items = new ArrayList<>();
        map.forEach((key, value) -> items.add(List.of(key, value)));
        yield items;
      }
      case "keys" -> new ArrayList<>(map.keySet());
      case "values" -> new ArrayList<>(map.values());
      default -> null;
    };
  }

  /** One text, or the texts of a tuple. */
  private static List<String> anyOf(Object[] arguments) {
    if (arguments.length > 0 && arguments[0] instanceof Collection<?> several) {
      return several.stream().map(String::valueOf).toList();
    }
    return arguments.length > 0 ? List.of(String.valueOf(arguments[0])) : List.of();
  }

  private static List<String> split(String text, @Nullable String separator) {
    if (separator != null) {
      return List.of(text.split(Pattern.quote(separator), -1));
    }
    String stripped = strip(text, null, true, true);
    return stripped.isEmpty() ? List.of() : List.of(stripped.split("\\s+"));
  }

  /**
   * {@code str.strip}, {@code lstrip} or {@code rstrip}.
   *
   * @param characters what to take off, or {@code null} for white space
   */
  static String strip(String text, @Nullable String characters, boolean left, boolean right) {
    int begin = 0;
    int end = text.length();
    while (left && begin < end && strips(text.codePointAt(begin), characters)) {
      begin += Character.charCount(text.codePointAt(begin));
    }
    while (right && end > begin && strips(text.codePointBefore(end), characters)) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(begin, end);
  }

  private static boolean strips(int codePoint, @Nullable String characters) {
    return characters == null ? isSpace(codePoint) : characters.indexOf(codePoint) >= 0;
  }

  /** Whether {@code str.isspace} holds of a code point. */
  private static boolean isSpace(int codePoint) {
    return switch (codePoint) {
      case 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000 -> true;
      default ->
          (codePoint >= 0x09 && codePoint <= 0x0D)
              || (codePoint >= 0x1C && codePoint <= 0x20)
              || (codePoint >= 0x2000 && codePoint <= 0x200A);
    };
  }

  @Override
  public @Nullable Object getValue(
      ELContext context, @Nullable Object base, @Nullable Object name) {
    return null;
  }

  @Override
  public @Nullable Class<?> getType(
      ELContext context, @Nullable Object base, @Nullable Object name) {
    return null;
  }

  @Override
  public void setValue(
      ELContext context, @Nullable Object base, @Nullable Object name, @Nullable Object value) {
    // Templates change nothing here.
  }

  @Override
  public boolean isReadOnly(ELContext context, @Nullable Object base, @Nullable Object name) {
    return true;
  }

  @Override
  public @Nullable Class<?> getCommonPropertyType(ELContext context, @Nullable Object base) {
    return null;
  }

  @Override
  public Iterator<FeatureDescriptor> getFeatureDescriptors(
      ELContext context, @Nullable Object base) {
    return Collections.emptyIterator();
  }
}
