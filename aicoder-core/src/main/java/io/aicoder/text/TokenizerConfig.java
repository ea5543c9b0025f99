package io.aicoder.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint's {@code tokenizer_config.json}; one without fields where there is none.
 *
 * @param file the file
 * @param root its content, an object
 */
record TokenizerConfig(Path file, JsonNode root) {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final List<String> SPECIAL_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  /**
   * Reads the file of a checkpoint directory.
   *
   * @throws AiCoderException when it is damaged or cannot be read
   */
  static TokenizerConfig read(Path directory) {
    Path file = directory.resolve("tokenizer_config.json");
    if (!Files.isRegularFile(file)) {
      return new TokenizerConfig(file, MAPPER.createObjectNode());
    }
    try {
      JsonNode root = MAPPER.readTree(Files.readAllBytes(file));
      if (root != null && root.isObject()) {
        return new TokenizerConfig(file, root);
      }
      throw problem(file, "does not hold a JSON object: download the file again", null);
    } catch (JsonProcessingException e) {
      throw problem(
          file, "not valid JSON (" + e.getOriginalMessage() + "): download the file again", e);
    } catch (IOException e) {
      throw problem(file, "cannot be read (" + e.getMessage() + "): download the file again", e);
    }
  }

  static AiCoderException problem(Path file, String problem, @Nullable Throwable cause) {
    return new AiCoderException(ErrorCategory.CHECKPOINT, file + ": " + problem, cause);
  }

  /** Returns the texts of the special tokens that have one, by name, such as {@code bos_token}. */
  Map<String, String> specialTokens() {
    Map<String, String> tokens = new HashMap<>();
    for (String name : SPECIAL_TOKENS) {
      JsonNode token = root.path(name);
      JsonNode content = token.isObject() ? token.path("content") : token;
      if (content.isTextual()) {
        tokens.put(name, content.textValue());
      }
    }
    return tokens;
  }

  /**
   * Returns {@code add_bos_token}: whether a prompt begins with the begin-of-text token; {@code
   * null} when that is left to {@code tokenizer.json}.
   */
  @Nullable Boolean addBosToken() {
    JsonNode value = root.path("add_bos_token");
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isBoolean()) {
      throw problem(file, "add_bos_token is " + value + ": it must be true or false", null);
    }
    return value.booleanValue();
  }
}
