package io.aicoder.eval.remote;

import com.openai.core.JsonValue;
import com.openai.models.chat.completions.ChatCompletionAssistantMessageParam;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionSystemMessageParam;
import com.openai.models.chat.completions.ChatCompletionUserMessageParam;
import io.aicoder.constrain.Constraint;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.Prompt;
import io.aicoder.generate.SamplingOptions;
import io.aicoder.generate.StopConditions;
import org.jspecify.annotations.Nullable;

/**
 * A request in the wire format. What OpenAI's API has no name for goes by vLLM's, which our own
 * server knows too; nothing is left out silently.
 */
final class ChatParameters {

  /** OpenAI wants a name; nothing depends on it. */
  private static final String SCHEMA_NAME = "answer";

  private ChatParameters() {}

  /**
   * Translates a request.
   *
   * @param legacyTokenLimit whether the token limit is {@code max_tokens}, as it was once
   * @throws AiCoderException (REQUEST) naming what cannot be asked of an endpoint
   */
  static ChatCompletionCreateParams of(
      GenerationRequest request, String model, boolean legacyTokenLimit) {
    ChatCompletionCreateParams.Builder params = ChatCompletionCreateParams.builder().model(model);
    if (!(request.prompt() instanceof Prompt.Chat chat)) {
      throw refuse("prompt", "only conversations can be sent; make it with GenerationRequest.chat");
    }
    chat.messages().forEach(message -> add(params, message));
    refuseWhatNoEndpointDoes(request);
    addSampling(params, request.sampling());
    addStopping(params, request.stopping(), legacyTokenLimit);
    if (request.constraint() != null) {
      addConstraint(params, request.constraint());
    }
    extra(params, "adapter", request.adapter());
    return params.build();
  }

  private static void add(ChatCompletionCreateParams.Builder params, ChatMessage message) {
    String content = message.content();
    switch (message.role()) {
      case "user" ->
          params.addMessage(ChatCompletionUserMessageParam.builder().content(content).build());
      case "assistant" ->
          params.addMessage(ChatCompletionAssistantMessageParam.builder().content(content).build());
      case "system" ->
          params.addMessage(ChatCompletionSystemMessageParam.builder().content(content).build());
      default ->
          throw refuse("role", "'" + message.role() + "' is none of system, user and assistant");
    }
  }

  private static void refuseWhatNoEndpointDoes(GenerationRequest request) {
    Integer beams = request.beams().beams();
    if (beams != null && beams > 1) {
      throw refuse("num_beams", "endpoints do no beam search; sample instead");
    }
    if (request.logProbabilities() != null) {
      throw refuse("logprobs", "is not read from endpoints; leave it out");
    }
    if (request.promptLogits()) {
      throw refuse("promptLogits", "endpoints do not give them; leave it out");
    }
    if (request.samples() > 1) {
      throw refuse("n", "is above 1; ask for each sample alone, as generateAll does");
    }
  }

  private static AiCoderException refuse(String option, String problem) {
    return new AiCoderException(ErrorCategory.REQUEST, option + ": " + problem);
  }

  private static void addSampling(
      ChatCompletionCreateParams.Builder params, SamplingOptions sampling) {
    if (sampling.temperature() != null) {
      params.temperature(sampling.temperature());
    }
    if (sampling.topP() != null) {
      params.topP(sampling.topP());
    }
    if (sampling.presencePenalty() != null) {
      params.presencePenalty(sampling.presencePenalty());
    }
    if (sampling.frequencyPenalty() != null) {
      params.frequencyPenalty(sampling.frequencyPenalty());
    }
    if (sampling.seed() != null) {
      params.seed(sampling.seed());
    }
    if (!sampling.logitBias().isEmpty()) {
      ChatCompletionCreateParams.LogitBias.Builder bias =
          ChatCompletionCreateParams.LogitBias.builder();
      sampling
          .logitBias()
          .forEach((id, value) -> bias.putAdditionalProperty(id.toString(), JsonValue.from(value)));
      params.logitBias(bias.build());
    }
    extra(params, "top_k", sampling.topK());
    extra(params, "min_p", sampling.minP());
    extra(params, "typical_p", sampling.typicalP());
    extra(params, "repetition_penalty", sampling.repetitionPenalty());
    extra(params, "no_repeat_ngram_size", sampling.noRepeatNgramSize());
  }

  private static void addStopping(
      ChatCompletionCreateParams.Builder params, StopConditions stopping, boolean legacy) {
    Integer most = stopping.maxNewTokens();
    if (most != null && legacy) {
      extra(params, "max_tokens", most);
    } else if (most != null) {
      params.maxCompletionTokens(most.longValue());
    }
    if (!stopping.stop().isEmpty()) {
      params.stopOfStrings(stopping.stop());
    }
    extra(params, "min_tokens", stopping.minNewTokens());
    if (!stopping.stopTokenIds().isEmpty()) {
      extra(params, "stop_token_ids", stopping.stopTokenIds());
    }
    if (stopping.ignoreEos()) {
      extra(params, "ignore_eos", true);
    }
  }

  private static void addConstraint(
      ChatCompletionCreateParams.Builder params, Constraint constraint) {
    if (!(constraint instanceof Constraint.JsonSchema json)) {
      throw refuse(
          "constraint",
          constraint.getClass().getSimpleName()
              + " has no name that endpoints agree on; use a JsonSchema, or leave it out");
    }
    params.responseFormat(CallForm.responseFormat(SCHEMA_NAME, null, json.schema()));
  }

  private static void extra(
      ChatCompletionCreateParams.Builder params, String name, @Nullable Object value) {
    if (value != null) {
      params.putAdditionalBodyProperty(name, JsonValue.from(value));
    }
  }
}
