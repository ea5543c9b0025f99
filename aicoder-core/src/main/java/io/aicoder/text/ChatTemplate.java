package io.aicoder.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.ChatMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint's chat template: the Jinja template that turns a conversation into the text a model
 * was trained on.
 *
 * <p>Rendered as transformers' {@code apply_chat_template} does: blocks trimmed, no escaping, and
 * {@code messages}, {@code add_generation_prompt} and the special tokens as variables. Immutable
 * and safe for use by several threads.
 */
public final class ChatTemplate {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path source;
  private final String template;
  private final Map<String, Object> specialTokens;
  private final Jinjava jinjava;

  ChatTemplate(Path source, String template, Map<String, Object> specialTokens) {
    this.source = source;
    this.template = template;
    this.specialTokens = Map.copyOf(specialTokens);
    this.jinjava = engine();
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
    try {
      JsonNode config =
          Files.isRegularFile(configFile)
              ? MAPPER.readTree(Files.readAllBytes(configFile))
              : MAPPER.createObjectNode();
      if (Files.isRegularFile(templateFile)) {
        return new ChatTemplate(
            templateFile, Files.readString(templateFile), specialTokens(config));
      }
      String template = template(config.path("chat_template"));
      return template == null
          ? null
          : new ChatTemplate(configFile, template, specialTokens(config));
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          configFile + ": cannot be read (" + e.getMessage() + "): download the file again",
          e);
    }
  }

  /** A template alone, or the one named "default" among several. */
  private static @Nullable String template(JsonNode value) {
    if (value.isTextual()) {
      return value.textValue();
    }
    for (JsonNode named : value) {
      if (named.path("name").asText().equals("default")) {
        return named.path("template").asText();
      }
    }
    return null;
  }

  private static Map<String, Object> specialTokens(JsonNode config) {
    Map<String, Object> tokens = new HashMap<>();
    for (String name : List.of("bos_token", "eos_token", "pad_token", "unk_token")) {
      JsonNode token = config.path(name);
      JsonNode content = token.isObject() ? token.path("content") : token;
      if (content.isTextual()) {
        tokens.put(name, content.textValue());
      }
    }
    return tokens;
  }

  private static Jinjava engine() {
    JinjavaConfig config =
        JinjavaConfig.newBuilder()
            .withTrimBlocks(true)
            .withLstripBlocks(true)
            .withKeepTrailingNewline(true)
            // Otherwise Jinja-looking text in a message would be run.
            .withNestedInterpretationEnabled(false)
            .withLegacyOverrides(LegacyOverrides.ALL)
            .build();
    Jinjava jinjava = new Jinjava(config);
    jinjava
        .getGlobalContext()
        .registerFunction(
            new ELFunctionDefinition(
                "", "raise_exception", ChatTemplate.class, "raiseException", String.class));
    jinjava
        .getGlobalContext()
        .registerFunction(
            new ELFunctionDefinition(
                "", "strftime_now", ChatTemplate.class, "strftimeNow", String.class));
    return jinjava;
  }

  /**
   * The template function {@code raise_exception}.
   *
   * @param message why the template refuses the conversation
   * @return never
   */
  public static String raiseException(String message) {
    throw new RefusedException(message);
  }

  /**
   * The template function {@code strftime_now}: today, in C's date format.
   *
   * @param format the format, of which {@code %d %m %b %B %y %Y %A %a %j} are known
   */
  public static String strftimeNow(String format) {
    Map<String, String> patterns =
        Map.of(
            "%d",
            "dd", "%m", "MM", "%b", "MMM", "%B", "MMMM", "%y", "yy", "%Y", "yyyy", "%A", "EEEE",
            "%a", "EEE", "%j", "DDD");
    String result = format;
    for (Map.Entry<String, String> pattern : patterns.entrySet()) {
      result =
          result.replace(
              pattern.getKey(),
              DateTimeFormatter.ofPattern(pattern.getValue(), Locale.ENGLISH)
                  .format(LocalDate.now()));
    }
    return result;
  }

  /** What the template function raise_exception throws. */
  private static final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
      super(message);
    }
  }

  /**
   * Renders a conversation.
   *
   * @param messages the messages, oldest first
   * @param addGenerationPrompt whether the text ends where the model's answer begins
   * @return the text; its special tokens stand in it as text, so that none is to be added when it
   *     is encoded
   * @throws AiCoderException when the template refuses the conversation
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    Map<String, Object> variables = new HashMap<>(specialTokens);
    List<Map<String, Object>> list = new ArrayList<>();
    for (ChatMessage message : messages) {
      list.add(Map.of("role", message.role(), "content", message.content()));
    }
    variables.put("messages", list);
    variables.put("add_generation_prompt", addGenerationPrompt);
    RenderResult result = jinjava.renderForResult(template, variables);
    if (result.hasErrors()) {
      throw refusal(result.getErrors().get(0));
    }
    return result.getOutput();
  }

  private AiCoderException refusal(TemplateError error) {
    Throwable cause = error.getException();
    while (cause != null && !(cause instanceof RefusedException)) {
      cause = cause.getCause();
    }
    return cause != null
        ? new AiCoderException(
            ErrorCategory.REQUEST,
            "the model's chat template refuses the conversation: " + cause.getMessage(),
            error.getException())
        : new AiCoderException(
            ErrorCategory.CHECKPOINT,
            source
                + ": the chat template cannot be rendered, line "
                + error.getLineno()
                + ": "
                + error.getMessage(),
            error.getException());
  }
}
