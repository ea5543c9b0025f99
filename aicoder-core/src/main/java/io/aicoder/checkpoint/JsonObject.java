package io.aicoder.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object of a checkpoint file, read field by field with errors that name both.
 *
 * @param file the file
 * @param at the path of the object inside the file, empty for its root
 * @param node the object
 */
record JsonObject(Path file, String at, JsonNode node) {

  /** The largest configuration file that is read; real ones are a few hundred kilobytes at most. */
  private static final long LARGEST = 16L << 20;

  /** How many values, names and brackets a file may have: a tree of more could fill the heap. */
  private static final long MOST_TOKENS = 2_000_000;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxTokenCount(MOST_TOKENS).build())
              .build());

  static JsonObject read(Path file) {
    try {
      if (Files.size(file) > LARGEST) {
        throw error(file, "is larger than " + (LARGEST >> 20) + " MiB: not a configuration file");
      }
      return parse(file, MAPPER.readTree(Files.readAllBytes(file)));
    } catch (JsonProcessingException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          file + ": not valid JSON (" + e.getOriginalMessage() + "): download the file again",
          e);
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT, file + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  /** Parses a text that stands, or will stand, in a file. */
  static JsonObject of(Path file, String json) {
    try {
      return parse(file, MAPPER.readTree(json));
    } catch (JsonProcessingException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT, file + ": not valid JSON (" + e.getOriginalMessage() + ")", e);
    }
  }

  private static JsonObject parse(Path file, @Nullable JsonNode node) {
    if (node == null || !node.isObject()) {
      throw error(file, "does not hold a JSON object: download the file again");
    }
    return new JsonObject(file, "", node);
  }

  private static AiCoderException error(Path file, String problem) {
    return new AiCoderException(ErrorCategory.CHECKPOINT, file + ": " + problem);
  }

  /** Returns an exception about a field of this object. */
  AiCoderException problem(String field, String problem) {
    return error(file, at + field + " " + problem);
  }

  /** Whether the field is there and not null. */
  boolean has(String field) {
    return node.hasNonNull(field);
  }

  /** Returns the object in a field, or {@code null} when it is absent. */
  @Nullable JsonObject optObject(String field) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isObject()) {
      throw problem(field, "is not an object");
    }
    return new JsonObject(file, at + field + ".", value);
  }

  int positive(String field) {
    return positive(field, null);
  }

  /** Returns an integer of at least 1, or the given one when the field is absent. */
  int positive(String field, @Nullable Integer absent) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      if (absent == null) {
        throw problem(field, "is missing");
      }
      return absent;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1) {
      throw problem(field, "is " + value + ": it must be a whole number of at least 1");
    }
    return value.intValue();
  }

  /** Returns an integer of at least 0, or the given one when the field is absent. */
  int notNegative(String field, int absent) {
    JsonNode value = node.get(field);
    boolean zero = value != null && value.isIntegralNumber() && value.decimalValue().signum() == 0;
    return zero ? 0 : positive(field, absent);
  }

  /** Returns a finite number of at least 0, or the given one when the field is absent. */
  double notNegativeNumber(String field, double absent) {
    JsonNode value = node.get(field);
    boolean zero = value != null && value.isNumber() && value.doubleValue() == 0;
    return zero ? 0 : positiveNumber(field, absent);
  }

  /** Returns a finite number above zero, or the given one when the field is absent. */
  double positiveNumber(String field, @Nullable Double absent) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      if (absent == null) {
        throw problem(field, "is missing");
      }
      return absent;
    }
    if (!value.isNumber() || !(value.doubleValue() > 0) || Double.isInfinite(value.doubleValue())) {
      throw problem(field, "is " + value + ": it must be a number above 0");
    }
    return value.doubleValue();
  }

  boolean flag(String field, boolean absent) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return absent;
    }
    if (!value.isBoolean()) {
      throw problem(field, "is " + value + ": it must be true or false");
    }
    return value.booleanValue();
  }

  @Nullable String optText(String field) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw problem(field, "is " + value + ": it must be a text");
    }
    return value.textValue();
  }

  String text(String field, String absent) {
    String value = optText(field);
    return value == null ? absent : value;
  }

  /** Returns the texts of a field that holds one or a list of them; empty when it is absent. */
  List<String> texts(String field) {
    List<String> texts = new ArrayList<>();
    for (JsonNode value : oneOrMany(field)) {
      if (!value.isTextual()) {
        throw problem(field, "holds " + value + ": it must hold texts");
      }
      texts.add(value.textValue());
    }
    return List.copyOf(texts);
  }

  /** Returns the token ids of a field that holds one or a list of them; empty when it is absent. */
  List<Integer> tokenIds(String field) {
    List<Integer> ids = new ArrayList<>();
    for (JsonNode value : oneOrMany(field)) {
      if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
        throw problem(field, "holds " + value + ": it must hold token ids");
      }
      ids.add(value.intValue());
    }
    return List.copyOf(ids);
  }

  private List<JsonNode> oneOrMany(String field) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return List.of();
    }
    List<JsonNode> values = new ArrayList<>();
    if (value.isArray()) {
      value.forEach(values::add);
    } else {
      values.add(value);
    }
    return values;
  }
}
