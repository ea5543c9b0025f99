package io.aicoder.serving;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
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
        GenerationRequest.chat(messages(fields))
            .optMaxNewTokens(maxTokens(fields))
            .optTemperature(fields.number("temperature"))
            .optTopP(fields.number("top_p"))
            .optTopK(fields.integer("top_k"))
            .optRepetitionPenalty(fields.number("repetition_penalty"))
            .optSeed(fields.wholeNumber("seed"))
            .optStop(fields.texts("stop"))
            .optAdapter(fields.text("adapter"))
            .build();
    boolean stream = fields.flag("stream", false);
    RequestFields streamOptions = fields.object("stream_options");
    boolean usage = streamOptions.flag("include_usage", false);
    streamOptions.refuseOthers();
    fields.onlyDefault("n", 1);
    fields.onlyDefault("presence_penalty", 0);
    fields.onlyDefault("frequency_penalty", 0);
    fields.onlyOff("logprobs");
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
  public String whole(GenerationResult result) {
    Map<String, @Nullable Object> choice = new LinkedHashMap<>();
    choice.put("index", 0);
    choice.put("message", Map.of("role", "assistant", "content", result.text()));
    choice.put("logprobs", null);
    choice.put("finish_reason", result.finishReason().wireName());
    Map<String, Object> answer = envelope("chat.completion");
    answer.put("choices", List.of(choice));
    answer.put("usage", usage(result));
    return WireFormat.json(answer);
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
      answer.put("usage", usage(result));
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

  private static Map<String, Object> usage(GenerationResult result) {
    Map<String, Object> usage = new LinkedHashMap<>();
    usage.put("prompt_tokens", result.promptTokens());
    usage.put("completion_tokens", result.completionTokens());
    usage.put("total_tokens", result.promptTokens() + result.completionTokens());
    return usage;
  }
}
