package io.aicoder.serving;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a request's JSON object, taken one by one, so that those which nobody took can be
 * refused: no parameter is silently ignored.
 */
final class RequestFields {

  private final String prefix;
  private final JsonNode object;
  private final Set<String> taken = new HashSet<>();

  RequestFields(String prefix, JsonNode object) {
    this.prefix = prefix;
    this.object = object;
  }

  /** Returns a field's value, or {@code null} when it is absent or null. */
  @Nullable JsonNode take(String name) {
    taken.add(name);
    JsonNode value = object.get(name);
    return value == null || value.isNull() ? null : value;
  }

  BadRequestException problem(String name, String problem) {
    return new BadRequestException(prefix + name, prefix + name + " " + problem);
  }

  @Nullable Integer integer(String name) {
    JsonNode value = take(name);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw problem(name, "is " + value + ": it must be a whole number");
    }
    return value.intValue();
  }

  @Nullable Long wholeNumber(String name) {
    JsonNode value = take(name);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw problem(name, "is " + value + ": it must be a whole number");
    }
    return value.longValue();
  }

  @Nullable Double number(String name) {
    JsonNode value = take(name);
    if (value == null) {
      return null;
    }
    if (!value.isNumber()) {
      throw problem(name, "is " + value + ": it must be a number");
    }
    return value.doubleValue();
  }

  boolean flag(String name, boolean absent) {
    JsonNode value = take(name);
    if (value == null) {
      return absent;
    }
    if (!value.isBoolean()) {
      throw problem(name, "is " + value + ": it must be true or false");
    }
    return value.booleanValue();
  }

  @Nullable String text(String name) {
    JsonNode value = take(name);
    if (value == null) {
      return null;
    }
    if (!value.isTextual()) {
      throw problem(name, "is " + value + ": it must be a text");
    }
    return value.textValue();
  }

  /** Returns the texts of a field that holds one or a list of them; empty when it is absent. */
  List<String> texts(String name) {
    JsonNode value = take(name);
    List<String> texts = new ArrayList<>();
    if (value != null) {
      for (JsonNode text : value.isArray() ? value : List.of(value)) {
        if (!text.isTextual()) {
          throw problem(name, "holds " + text + ": it must hold texts");
        }
        texts.add(text.textValue());
      }
    }
    return texts;
  }

  /** Returns the token ids of a list; empty when it is absent. */
  List<Integer> tokenIds(String name) {
    JsonNode value = take(name);
    List<Integer> ids = new ArrayList<>();
    if (value != null) {
      for (JsonNode id : value.isArray() ? value : List.of(value)) {
        if (!id.isIntegralNumber() || !id.canConvertToInt()) {
          throw problem(name, "holds " + id + ": it must hold token ids");
        }
        ids.add(id.intValue());
      }
    }
    return ids;
  }

  /** Returns the numbers of an object whose names are token ids; empty when it is absent. */
  Map<Integer, Double> numbersByToken(String name) {
    Map<Integer, Double> numbers = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : object(name).object.properties()) {
      if (!entry.getKey().matches("\\d{1,9}") || !entry.getValue().isNumber()) {
        throw problem(name, "holds \"" + entry.getKey() + "\": it must map token ids to numbers");
      }
      numbers.put(Integer.valueOf(entry.getKey()), entry.getValue().doubleValue());
    }
    return numbers;
  }

  /** Returns the object in a field, empty when it is absent. */
  RequestFields object(String name) {
    JsonNode value = take(name);
    if (value != null && !value.isObject()) {
      throw problem(name, "is " + value.getNodeType() + ": it must be an object");
    }
    JsonNode inner = value == null ? JsonNodeFactory.instance.objectNode() : value;
    return new RequestFields(prefix + name + ".", inner);
  }

  /**
   * Refuses what nobody took.
   *
   * @throws BadRequestException naming the first such field
   */
  void refuseOthers() {
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      if (!taken.contains(entry.getKey()) && !entry.getValue().isNull()) {
        throw problem(entry.getKey(), "is not supported: leave it out");
      }
    }
  }
}
