package io.aicoder.serving;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TokenChoice;
import io.aicoder.generate.TokenProbability;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI's chat completion. Every field of the API is honoured, taken without effect where it has
 * none here (who asks, how it is stored), or refused by name.
 *
 * @param request what to generate
 * @param stream whether to stream
 * @param usage whether a stream ends with the token counts
 * @param model the name that the answer gives
 * @param id names the answer
 * @param created seconds since 1970
 */
record ChatCompletion(
    GenerationRequest request, boolean stream, boolean usage, String model, String id, long created)
    implements WireFormat {

  /** Say who asks or how the answer is kept elsewhere; they change nothing in it. */
  private static final List<String> WITHOUT_EFFECT =
      List.of("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key");

  static ChatCompletion parse(RequestFields fields, String modelName) {
    GenerationRequest request =
        WireFormat.sampling(GenerationRequest.chat(messages(fields)), fields)
            .optMaxNewTokens(maxTokens(fields))
            .optMinNewTokens(fields.integer("min_tokens"))
            .optIgnoreEos(fields.flag("ignore_eos", false))
            .optTemperature(fields.number("temperature"))
            .optSamples(Objects.requireNonNullElse(fields.integer("n"), 1))
            .optLogProbabilities(logProbabilities(fields))
            .optStop(fields.texts("stop"))
            .optAdapter(fields.text("adapter"))
            .build();
    boolean stream = fields.flag("stream", false);
    RequestFields streamOptions = fields.object("stream_options");
    boolean usage = streamOptions.flag("include_usage", false);
    streamOptions.refuseOthers();
    if (stream && request.samples() > 1) {
      throw fields.problem("n", "is above 1: a stream has one choice");
    }
    if (stream && request.logProbabilities() != null) {
      throw fields.problem("logprobs", "is not supported in a stream: leave it out");
    }
    WITHOUT_EFFECT.forEach(fields::take);
    String model = Objects.requireNonNullElse(fields.text("model"), modelName);
    fields.refuseOthers();
    return new ChatCompletion(
        request,
        stream,
        usage,
        model,
        "chatcmpl-" + UUID.randomUUID(),
        Instant.now().getEpochSecond());
  }

  private static @Nullable Integer logProbabilities(RequestFields fields) {
    Integer top = fields.integer("top_logprobs");
    if (fields.flag("logprobs", false)) {
      return top == null ? Integer.valueOf(0) : top;
    }
    if (top != null) {
      throw fields.problem("top_logprobs", "is given without logprobs: set logprobs to true");
    }
    return null;
  }

  private static @Nullable Integer maxTokens(RequestFields fields) {
    Integer current = fields.integer("max_completion_tokens");
    Integer former = fields.integer("max_tokens");
    if (current != null && former != null && !current.equals(former)) {
      throw fields.problem("max_tokens", "and max_completion_tokens differ: leave one out");
    }
    return current == null ? former : current;
  }

  private static List<ChatMessage> messages(RequestFields fields) {
    JsonNode messages = fields.take("messages");
    if (messages == null || !messages.isArray() || messages.isEmpty()) {
      throw fields.problem("messages", "must be a list of at least one message");
    }
    List<ChatMessage> list = new ArrayList<>();
    for (JsonNode message : messages) {
      RequestFields inner = new RequestFields("messages[" + list.size() + "].", message);
      String role = inner.text("role");
      if (role == null) {
        throw inner.problem("role", "is missing");
      }
      list.add(new ChatMessage(role, content(inner)));
      inner.take("name");
      inner.refuseOthers();
    }
    return list;
  }

  /** The content is a text, or a list of text parts, which are joined. */
  private static String content(RequestFields message) {
    JsonNode content = message.take("content");
    if (content == null || !(content.isTextual() || content.isArray())) {
      throw message.problem("content", "must be a text or a list of text parts");
    }
    if (content.isTextual()) {
      return content.textValue();
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      if (!part.path("type").asText().equals("text") || !part.path("text").isTextual()) {
        throw message.problem("content", "holds a part that is not text: only text is supported");
      }
      text.append(part.path("text").textValue());
    }
    return text.toString();
  }

  @Override
  public String whole(List<GenerationResult> results) {
    List<Map<String, @Nullable Object>> choices = new ArrayList<>();
    for (GenerationResult result : results) {
      Map<String, @Nullable Object> choice = new LinkedHashMap<>();
      choice.put("index", choices.size());
      choice.put("message", Map.of("role", "assistant", "content", result.text()));
      choice.put("logprobs", logProbabilities(result.logProbabilities()));
      choice.put("finish_reason", result.finishReason().wireName());
      choices.add(choice);
    }
    Map<String, Object> answer = envelope("chat.completion");
    answer.put("choices", choices);
    answer.put("usage", usage(results));
    return WireFormat.json(answer);
  }

  private static @Nullable Object logProbabilities(@Nullable List<TokenChoice> choices) {
    if (choices == null) {
      return null;
    }
    List<Object> content = new ArrayList<>();
    for (TokenChoice choice : choices) {
      Map<String, @Nullable Object> token = token(choice.chosen());
      token.put("top_logprobs", choice.likeliest().stream().map(ChatCompletion::token).toList());
      content.add(token);
    }
    return Map.of("content", content);
  }

  private static Map<String, @Nullable Object> token(TokenProbability token) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("token", token.text());
    fields.put("logprob", token.logProbability());
    // Of a part of a character the bytes are not known.
    boolean part = token.text().indexOf('\uFFFD') >= 0;
    fields.put("bytes", part ? null : bytes(token.text()));
    return fields;
  }

  private static List<Integer> bytes(String text) {
    List<Integer> bytes = new ArrayList<>();
    for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(value & 0xFF);
    }
    return bytes;
  }

  @Override
  public String first() {
    return chunk(Map.of("role", "assistant", "content", ""), null);
  }

  @Override
  public String piece(String text) {
    return chunk(Map.of("content", text), null);
  }

  @Override
  public String last(GenerationResult result) {
    StringBuilder events = new StringBuilder(chunk(Map.of(), result.finishReason().wireName()));
    if (usage) {
      Map<String, Object> answer = envelope("chat.completion.chunk");
      answer.put("choices", List.of());
      answer.put("usage", usage(List.of(result)));
      events.append(WireFormat.event(WireFormat.json(answer)));
    }
    return events.append(WireFormat.event("[DONE]")).toString();
  }

  private String chunk(Map<String, Object> delta, @Nullable String finishReason) {
    Map<String, @Nullable Object> choice = new LinkedHashMap<>();
    choice.put("index", 0);
    choice.put("delta", delta);
    choice.put("finish_reason", finishReason);
    Map<String, Object> answer = envelope("chat.completion.chunk");
    answer.put("choices", List.of(choice));
    return WireFormat.event(WireFormat.json(answer));
  }

  private Map<String, Object> envelope(String object) {
    Map<String, Object> envelope = new LinkedHashMap<>();
    envelope.put("id", id);
    envelope.put("object", object);
    envelope.put("created", created);
    envelope.put("model", model);
    return envelope;
  }

  private static Map<String, Object> usage(List<GenerationResult> results) {
    int prompt = results.get(0).promptTokens();
    int completion = results.stream().mapToInt(GenerationResult::completionTokens).sum();
    Map<String, Object> usage = new LinkedHashMap<>();
    usage.put("prompt_tokens", prompt);
    usage.put("completion_tokens", completion);
    usage.put("total_tokens", prompt + completion);
    return usage;
  }
}
