package io.aicoder.text;

import com.fasterxml.jackson.databind.JsonNode;
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
    TokenizerConfig config = TokenizerConfig.read(directory);
    Path templateFile = directory.resolve("chat_template.jinja");
    boolean ownFile = Files.isRegularFile(templateFile);
    String template = ownFile ? read(templateFile) : template(config.file(), config.root());
    return template == null
        ? null
        : new ChatTemplate(
            ownFile ? templateFile : config.file(),
            template,
            config.specialTokens(),
            LocalDateTime::now);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw problem(file, "cannot be read (" + e.getMessage() + "): download the file again", e);
    }
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
