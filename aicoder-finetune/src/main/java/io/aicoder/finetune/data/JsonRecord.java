package io.aicoder.finetune.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object of a data file, read field by field with errors that name its place.
 *
 * @param source where the record stands
 * @param at the path of the object inside the record, empty for the record itself
 * @param node the object
 */
record JsonRecord(RecordSource source, String at, JsonNode node) {

  /** Makes the exception that refuses this record because of a field. */
  AiCoderException refuse(String field, String problem, String remedy) {
    return source.refuse("field " + at + field + " " + problem, remedy, null);
  }

  /** Returns whether one of the fields is there, with something else than {@code null} in it. */
  boolean hasAny(String... fields) {
    for (String field : fields) {
      if (node.hasNonNull(field)) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether a field holds a list. */
  boolean isList(String field) {
    return node.path(field).isArray();
  }

  /** Returns the text of a field, or {@code null} when it is absent or JSON's {@code null}. */
  @Nullable String optText(String field) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw refuse(field, "is a JSON " + kind(value), "write it as text");
    }
    return value.textValue();
  }

  /** Returns the text of a field, or an empty one when it is absent. */
  String textOrEmpty(String field) {
    String text = optText(field);
    return text == null ? "" : text;
  }

  /** Returns the text of a field that has to be there. */
  String text(String field) {
    String text = optText(field);
    if (text == null) {
      throw refuse(field, "is absent", "add it as text");
    }
    return text;
  }

  /** Returns the objects of a field that has to hold a list of them. */
  List<JsonRecord> list(String field) {
    JsonNode value = node.path(field);
    if (!value.isArray()) {
      throw refuse(
          field,
          value.isMissingNode() || value.isNull() ? "is absent" : "is a JSON " + kind(value),
          "write it as a list of objects");
    }
    List<JsonRecord> items = new ArrayList<>();
    for (JsonNode item : value) {
      String name = field + "[" + items.size() + "]";
      if (!item.isObject()) {
        throw refuse(name, "is a JSON " + kind(item), "write it as an object");
      }
      items.add(new JsonRecord(source, at + name + ".", item));
    }
    return items;
  }

  /** Returns what Jackson calls a value, in lower case. */
  static String kind(JsonNode node) {
    return node.getNodeType().name().toLowerCase(Locale.ROOT);
  }
}
