package io.aicoder.eval;

import io.aicoder.CodeModel;
import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.Prompt;
import io.aicoder.generate.TextStream;
import io.aicoder.generate.Timings;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A model that answers prompts as a function says; a token is a word. */
public final class ScriptedModel implements CodeModel {

  public final List<GenerationRequest> requests = new CopyOnWriteArrayList<>();
  private final Function<String, String> script;

  public ScriptedModel(Function<String, String> script) {
    this.script = script;
  }

  public static String prompt(GenerationRequest request) {
    return ((Prompt.Chat) request.prompt()).messages().get(0).content();
  }

  @Override
  public String name() {
    return "scripted";
  }

  @Override
  public String fingerprint(@Nullable String adapter) {
    return "scripted-" + adapter;
  }

  @Override
  public TextStream stream(GenerationRequest request) {
    requests.add(request);
    String text = script.apply(prompt(request));
    return TextStream.of(
        new GenerationResult(
            text,
            Collections.nCopies(countTokens(prompt(request)), 1),
            Collections.nCopies(countTokens(text), 2),
            new FinishReason.EndOfSequence(0),
            Timings.NONE));
  }

  @Override
  public int countTokens(String text) {
    return text.isBlank() ? 0 : text.strip().split("\\s+").length;
  }

  @Override
  public void close() {}
}
