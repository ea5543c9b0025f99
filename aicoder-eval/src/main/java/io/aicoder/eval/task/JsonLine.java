package io.aicoder.eval.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * One record of a JSONL file that remembers where it stands, so that every complaint about it names
 * file, line, field and remedy. Immutable.
 */
public final class JsonLine {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final Path file;
  private final int number;
  private final JsonNode record;

  private JsonLine(Path file, int number, JsonNode record) {
    this.file = file;
    this.number = number;
    this.record = record;
  }

  /**
   * Reads a whole file; gzip is recognised by its first bytes, blank lines are skipped.
   *
   * @param file a UTF-8 JSONL file, gzipped or not
   * @return its records, in their order
   * @throws AiCoderException (INPUT) when the file cannot be read or a line is no JSON object
   */
  public static List<JsonLine> read(Path file) {
    byte[] bytes = bytes(file);
    List<JsonLine> lines = new ArrayList<>();
    int start = startsWith(bytes, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    for (int number = 1; start < bytes.length; number++) {
      int end = start;
      while (end < bytes.length && bytes[end] != '\n') {
        end++;
      }
      String text = decode(file, number, Arrays.copyOfRange(bytes, start, end));
      if (!text.isBlank()) {
        lines.add(parse(file, number, text));
      }
      start = end + 1;
    }
    return lines;
  }

  private static byte[] bytes(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (startsWith(bytes, new byte[] {0x1F, (byte) 0x8B})) {
        try (InputStream plain = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
          return plain.readAllBytes();
        }
      }
      return bytes;
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.INPUT,
          file + ": cannot be read (" + e + "); check the path and that the file is whole",
          e);
    }
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static String decode(Path file, int number, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new AiCoderException(
          ErrorCategory.INPUT,
          file + ": line " + number + ": is not UTF-8; save the file as UTF-8",
          e);
    }
  }

  private static JsonLine parse(Path file, int number, String text) {
    JsonNode record;
    try {
      record = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AiCoderException(
          ErrorCategory.INPUT,
          String.format(
              "%s: line %d: is not JSON (%s); write one JSON object a line",
              file, number, e.getOriginalMessage()),
          e);
    }
    if (!record.isObject()) {
      throw new AiCoderException(
          ErrorCategory.INPUT,
          String.format(
              "%s: line %d: is a JSON %s; write one JSON object a line",
              file, number, kind(record)));
    }
    return new JsonLine(file, number, record);
  }

  private static String kind(JsonNode node) {
    return node.getNodeType().name().toLowerCase(Locale.ROOT);
  }

  /** Returns the file that the record stands in. */
  public Path file() {
    return file;
  }

  /** Returns the number of the line, from 1. */
  public int number() {
    return number;
  }

  /**
   * Returns the text of a field, or {@code null} when it is absent or JSON's {@code null}.
   *
   * @throws AiCoderException (INPUT) when the field holds something else than text
   */
  public @Nullable String text(String field) {
    JsonNode value = record.get(field);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw refuse(field, "is a JSON " + kind(value), "write it as text");
    }
    return value.textValue();
  }

  /**
   * Makes the exception that refuses this record.
   *
   * @param field the field that cannot be used
   * @param problem what is wrong with it
   * @param remedy what to do about it
   * @return the exception, for the caller to throw
   */
  public AiCoderException refuse(String field, String problem, String remedy) {
    return new AiCoderException(
        ErrorCategory.INPUT,
        String.format("%s: line %d: field %s: %s; %s", file, number, field, problem, remedy));
  }
}
