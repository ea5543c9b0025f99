package io.aicoder.serving;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * DJL's own form: {@code {"inputs": "…", "parameters": {…}, "stream": false}}, with the parameter
 * names of its LMI containers. {@code inputs} is taken as it is, without chat template.
 *
 * @param request what to generate
 * @param stream whether to stream
 * @param fullText whether the answer repeats the prompt before the text
 * @param prompt the prompt
 */
record TextGeneration(GenerationRequest request, boolean stream, boolean fullText, String prompt)
    implements WireFormat {

  static TextGeneration parse(RequestFields fields) {
    String prompt = prompt(fields);
    RequestFields parameters = fields.object("parameters");
    boolean stream = fields.flag("stream", false);
    GenerationRequest request =
        WireFormat.sampling(GenerationRequest.text(prompt), parameters)
            .optMaxNewTokens(parameters.integer("max_new_tokens"))
            .optMinNewTokens(parameters.integer("min_new_tokens"))
            .optIgnoreEos(parameters.flag("ignore_eos_token", false))
            .optTemperature(temperature(parameters))
            .optStop(stop(parameters))
            .optAdapter(fields.text("adapter"))
            .build();
    boolean fullText = parameters.flag("return_full_text", false);
    parameters.refuseOthers();
    fields.refuseOthers();
    return new TextGeneration(request, stream, fullText, prompt);
  }

  private static String prompt(RequestFields fields) {
    JsonNode inputs = fields.take("inputs");
    if (inputs != null && inputs.isArray() && inputs.size() == 1) {
      inputs = inputs.get(0);
    }
    if (inputs == null || !inputs.isTextual()) {
      throw fields.problem("inputs", "must be one text: send several requests for several texts");
    }
    return inputs.textValue();
  }

  /** {@code do_sample} rules when it is given: false is greedy, true samples at 1 if not told. */
  private static @Nullable Double temperature(RequestFields parameters) {
    Double temperature = parameters.number("temperature");
    if (parameters.take("do_sample") == null) {
      return temperature;
    }
    if (!parameters.flag("do_sample", false)) {
      return 0.0;
    }
    return temperature == null ? Double.valueOf(1) : temperature;
  }

  private static List<String> stop(RequestFields parameters) {
    List<String> stop = parameters.texts("stop_sequences");
    List<String> other = parameters.texts("stop");
    if (!stop.isEmpty() && !other.isEmpty()) {
      throw parameters.problem("stop", "and stop_sequences are both given: leave one out");
    }
    return stop.isEmpty() ? other : stop;
  }

  @Override
  public String whole(List<GenerationResult> results) {
    GenerationResult result = results.get(0);
    return WireFormat.json(
        Map.of(
            "generated_text",
            (fullText ? prompt : "") + result.text(),
            "details",
            details(result)));
  }

  @Override
  public String first() {
    return "";
  }

  @Override
  public String piece(String text) {
    return WireFormat.event(WireFormat.json(Map.of("token", Map.of("text", text))));
  }

  @Override
  public String last(GenerationResult result) {
    return WireFormat.event(whole(List.of(result)));
  }

  private static Map<String, Object> details(GenerationResult result) {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("finish_reason", result.finishReason().wireName());
    details.put("prompt_tokens", result.promptTokens());
    details.put("generated_tokens", result.completionTokens());
    return details;
  }
}
