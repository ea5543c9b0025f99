package io.aicoder.eval.remote;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionUsage;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The conversation with an endpoint through the OpenAI client, kept apart so that everything else
 * can be loaded without it. Safe for use by several threads.
 */
final class ChatEndpoint implements AutoCloseable {

  /**
   * A whole answer.
   *
   * @param promptTokens {@code null} when the endpoint did not say
   * @param completionTokens likewise
   * @param time from the request to the answer's end
   */
  record Answer(
      String text,
      String finishReason,
      @Nullable Long promptTokens,
      @Nullable Long completionTokens,
      Duration time) {

    static Answer of(
        String text, String finishReason, @Nullable CompletionUsage usage, long startNanos) {
      return new Answer(
          text,
          finishReason,
          usage == null ? null : usage.promptTokens(),
          usage == null ? null : usage.completionTokens(),
          Duration.ofNanos(System.nanoTime() - startNanos));
    }
  }

  private final OpenAIClient client;
  private final String model;
  private final int retries;
  private final boolean legacyTokenLimit;
  private final EndpointFailure failure;
  private volatile CallForm callForm = CallForm.TOOL;

  ChatEndpoint(
      String address,
      String model,
      String apiKey,
      Duration deadline,
      int retries,
      boolean legacyTokenLimit) {
    this.model = model;
    this.retries = retries;
    this.legacyTokenLimit = legacyTokenLimit;
    failure = new EndpointFailure(address, model, deadline, retries);
    client =
        OpenAIOkHttpClient.builder()
            .baseUrl(address)
            .apiKey(apiKey)
            .timeout(deadline)
            .maxRetries(retries)
            .build();
  }

  Answer complete(GenerationRequest request) {
    return complete(parameters(request));
  }

  /**
   * Asks for a call of a function: as a tool, or, where the endpoint refuses that, in the next
   * lesser form. The form that was taken once is asked for first from then on.
   */
  Answer call(GenerationRequest request, FunctionDeclaration function) {
    if (request.constraint() != null) {
      throw new AiCoderException(
          ErrorCategory.REQUEST, "constraint: not together with a function call; leave one out");
    }
    List<AiCoderException> refusals = new ArrayList<>();
    for (CallForm form : callForm.andLesser()) {
      ChatCompletionCreateParams.Builder params = parameters(request).toBuilder();
      form.add(params, function);
      try {
        Answer answer = complete(params.build());
        callForm = form;
        return answer;
      } catch (AiCoderException e) {
        if (e.category() != ErrorCategory.REQUEST) {
          throw e;
        }
        refusals.add(e);
      }
    }
    // What is refused in the plainest form, too, is not refused for its form.
    throw refusals.get(refusals.size() - 1);
  }

  private Answer complete(ChatCompletionCreateParams params) {
    for (int attempt = 0; ; attempt++) {
      long start = System.nanoTime();
      try {
        ChatCompletion answer = client.chat().completions().create(params);
        if (answer.choices().isEmpty()) {
          throw failure.brokenAnswer("it has no choices", null);
        }
        ChatCompletion.Choice choice = answer.choices().get(0);
        return Answer.of(
            CallForm.text(choice),
            choice.finishReason().asString(),
            answer.usage().orElse(null),
            start);
      } catch (OpenAIException e) {
        // The client tries again what failed before an answer began; here it is a broken one.
        if (attempt >= retries || !EndpointFailure.isBrokenAnswer(e)) {
          throw failure.of(e);
        }
      }
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // the stream owns the response
  TextStream stream(GenerationRequest request, Function<Answer, GenerationResult> ending) {
    ChatCompletionCreateParams params =
        parameters(request).toBuilder()
            .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
            .build();
    try {
      StreamResponse<ChatCompletionChunk> response =
          client.chat().completions().createStreaming(params);
      return new RemoteStream(response, failure, ending);
    } catch (OpenAIException e) {
      throw failure.of(e);
    }
  }

  private ChatCompletionCreateParams parameters(GenerationRequest request) {
    return ChatParameters.of(request, model, legacyTokenLimit);
  }

  @Override
  public void close() {
    client.close();
  }
}
