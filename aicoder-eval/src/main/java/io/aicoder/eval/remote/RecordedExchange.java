package io.aicoder.eval.remote;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The lines of a recording: a {@link Header}, then one exchange for each answered request. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record RecordedExchange(
    @JsonProperty("request") JsonNode request,
    @JsonProperty("fingerprint") String fingerprint,
    @JsonProperty("text") String text,
    @JsonProperty("finish_reason") String finishReason,
    @JsonProperty("prompt_tokens") int promptTokens,
    @JsonProperty("completion_tokens") int completionTokens,
    @JsonProperty("seconds") double seconds) {

  static final int VERSION = 1;

  static final ObjectMapper JSON =
      new ObjectMapper()
          .setSerializationInclusion(JsonInclude.Include.NON_NULL)
          // a constraint without options
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS);

  /** The first line: whose answers these are. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Header(
      @JsonProperty("version") int version,
      @JsonProperty("model") String model,
      @JsonProperty("prices") @Nullable Prices prices) {}

  static RecordedExchange of(
      GenerationRequest request,
      @Nullable FunctionDeclaration function,
      String fingerprint,
      GenerationResult result,
      Duration time) {
    return new RecordedExchange(
        key(request, function),
        fingerprint,
        result.text(),
        result.finishReason().wireName(),
        result.promptTokens(),
        result.completionTokens(),
        time.toNanos() / 1e9);
  }

  /** Returns a request as it reads in a file: equal requests have equal keys. */
  static JsonNode key(GenerationRequest request, @Nullable FunctionDeclaration function) {
    try {
      ObjectNode key = (ObjectNode) JSON.readTree(JSON.writeValueAsString(request));
      if (function != null) {
        key.set("function", JSON.readTree(JSON.writeValueAsString(function)));
      }
      return key;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a request is always writable as JSON", e);
    }
  }

  GenerationResult result() {
    return RemoteAnswer.of(
        text,
        finishReason,
        promptTokens,
        completionTokens,
        Duration.ofNanos((long) (seconds * 1e9)));
  }
}
