package io.aicoder.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.ChatMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint's chat template: the Jinja template that turns a conversation into the text a model
 * was trained on.
 *
 * <p>Rendered as transformers' {@code apply_chat_template} does, with {@code messages}, {@code
 * add_generation_prompt}, the special tokens, and {@code tools} and {@code documents} as none. Safe
 * for use by several threads.
 */
public final class ChatTemplate {

  /** The largest file that is read; real ones are a few hundred kilobytes. */
  private static final long LARGEST = 16L << 20;

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

  private final Path source;
  private final Map<String, Object> constants;
  private final JinjaTemplate template;

  /**
   * Reads a template.
   *
   * @param source the file, for messages
   * @param clock the local time that {@code strftime_now} tells
   */
  ChatTemplate(
      Path source,
      String template,
      Map<String, String> specialTokens,
      Supplier<LocalDateTime> clock) {
    this.source = source;
    this.constants = Map.copyOf(specialTokens);
    this.template = new JinjaTemplate(template, clock);
  }

  /**
   * Reads the template of a checkpoint directory: {@code chat_template.jinja}, else {@code
   * chat_template} in {@code tokenizer_config.json}.
   *
   * @return the template, or {@code null} when the checkpoint has none
   * @throws AiCoderException when a file is damaged
   */
  public static @Nullable ChatTemplate open(Path directory) {
    Path configFile = directory.resolve("tokenizer_config.json");
    Path templateFile = directory.resolve("chat_template.jinja");
    boolean ownFile = Files.isRegularFile(templateFile);
    try {
      JsonNode config = config(configFile);
      String template =
          ownFile ? Files.readString(sized(templateFile)) : template(configFile, config);
      return template == null
          ? null
          : new ChatTemplate(
              ownFile ? templateFile : configFile,
              template,
              specialTokens(config),
              LocalDateTime::now);
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          "%s: cannot be read (%s): download the file again"
              .formatted(ownFile ? templateFile : configFile, e.getMessage()),
          e);
    }
  }

  private static JsonNode config(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return MAPPER.createObjectNode();
    }
    try {
      JsonNode config = MAPPER.readTree(Files.readAllBytes(sized(file)));
      if (config != null && config.isObject()) {
        return config;
      }
      throw problem(file, "does not hold a JSON object: download the file again", null);
    } catch (JsonProcessingException e) {
      throw problem(
          file, "not valid JSON (" + e.getOriginalMessage() + "): download the file again", e);
    }
  }

  private static Path sized(Path file) throws IOException {
    if (Files.size(file) > LARGEST) {
      throw problem(file, "is larger than " + (LARGEST >> 20) + " MiB: download it again", null);
    }
    return file;
  }

  /** A template alone, or the one named "default" among several. */
  private static @Nullable String template(Path file, JsonNode config) {
    JsonNode value = config.path("chat_template");
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (value.isTextual()) {
      return value.textValue();
    }
    List<String> names = new ArrayList<>();
    for (JsonNode named : value) {
      names.add(named.path("name").asText());
      if (named.path("name").asText().equals("default") && named.path("template").isTextual()) {
        return named.path("template").textValue();
      }
    }
    throw problem(
        file,
        names.isEmpty()
            ? "chat_template must be a text or a list of named templates"
            : "chat_template has none named 'default' among "
                + names
                + ": save the one to use as chat_template.jinja",
        null);
  }

  private static Map<String, String> specialTokens(JsonNode config) {
    Map<String, String> tokens = new HashMap<>();
    for (String name : SPECIAL_TOKENS) {
      JsonNode token = config.path(name);
      JsonNode content = token.isObject() ? token.path("content") : token;
      if (content.isTextual()) {
        tokens.put(name, content.textValue());
      }
    }
    return tokens;
  }

  /**
   * Renders a conversation.
   *
   * @param messages the messages, oldest first
   * @param addGenerationPrompt whether the text ends where the model's answer begins
   * @return the text; its special tokens stand in it as text, so that none is to be added when it
   *     is encoded
   * @throws AiCoderException when the template refuses the conversation, or cannot be rendered
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (ChatMessage message : messages) {
      list.add(Map.of("role", message.role(), "content", message.content()));
    }
    return render(list, addGenerationPrompt, Map.of());
  }

  /** The same for messages with further keys, and with further variables. */
  String render(
      List<Map<String, Object>> messages,
      boolean addGenerationPrompt,
      Map<String, Object> furtherVariables) {
    Map<String, @Nullable Object> variables = new HashMap<>(constants);
    variables.put("tools", null);
    variables.put("documents", null);
    variables.put("messages", messages);
    variables.put("add_generation_prompt", addGenerationPrompt);
    variables.putAll(furtherVariables);
    try {
      return template.render(variables);
    } catch (JinjaTemplate.RefusedException e) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "the model's chat template refuses the conversation: " + e.getMessage(),
          e);
    } catch (JinjaTemplate.BrokenException e) {
      throw problem(source, "the chat template cannot be used, " + e.getMessage(), e);
    }
  }

  private static AiCoderException problem(Path file, String problem, @Nullable Throwable cause) {
    return new AiCoderException(ErrorCategory.CHECKPOINT, file + ": " + problem, cause);
  }
}
