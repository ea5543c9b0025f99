package io.aicoder.eval.remote;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.file.JsonLinesFile;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.Prompt;
import io.aicoder.generate.TextStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Answers from a recording that {@link RecordingModel} made: no network, no weights, no cost.
 *
 * <p>A request that was recorded several times gets its answers in turn. What was not recorded, or
 * not so often, is refused by name; greedy requests may be repeated. It has the name and the
 * fingerprints of the model that was recorded, so that finished samples of one are found by a run
 * of the other. Safe for use by several threads.
 */
public final class RecordedModel implements PricedModel, FunctionCallingModel {

  /** The answers to one request. */
  private static final class Answers {
    private final List<RecordedExchange> exchanges = new ArrayList<>();
    private int given;
  }

  private static final int SHOWN = 100;
  private static final JsonLinesFile.Kind KIND =
      new JsonLinesFile.Kind("a recording", "make the file again");

  private final Path file;
  private final RecordedExchange.Header header;
  private final ToIntFunction<String> tokenizer;
  private final Map<JsonNode, Answers> answers = new HashMap<>();
  private final Map<String, String> fingerprints = new HashMap<>();

  private RecordedModel(
      Path file, RecordedExchange.Header header, ToIntFunction<String> tokenizer) {
    this.file = file;
    this.header = header;
    this.tokenizer = tokenizer;
  }

  /**
   * Reads a recording; tokens of texts are estimated, see {@link TokenEstimate}.
   *
   * @throws AiCoderException (INPUT) when it cannot be read or a line is none of a recording
   */
  public static RecordedModel load(Path file) {
    return load(file, TokenEstimate::of);
  }

  /**
   * Reads a recording. A last line without its line break was torn by a crash and is left out.
   *
   * @param file the recording
   * @param tokenizer counts the tokens of a text
   * @throws AiCoderException (INPUT) when it cannot be read or a line is none of a recording
   */
  public static RecordedModel load(Path file, ToIntFunction<String> tokenizer) {
    List<String> lines = JsonLinesFile.lines(file);
    if (lines.isEmpty()) {
      throw JsonLinesFile.refuse(file, 1, "is not there", KIND.remedy(), null);
    }
    RecordedExchange.Header header =
        JsonLinesFile.parse(file, 1, lines.get(0), RecordedExchange.Header.class, KIND);
    if (header.version() != RecordedExchange.VERSION) {
      throw JsonLinesFile.refuse(
          file,
          1,
          "has version " + header.version() + ", not " + RecordedExchange.VERSION,
          KIND.remedy(),
          null);
    }
    RecordedModel model = new RecordedModel(file, header, tokenizer);
    for (int i = 1; i < lines.size(); i++) {
      RecordedExchange exchange =
          JsonLinesFile.parse(file, i + 1, lines.get(i), RecordedExchange.class, KIND);
      model.add(i + 1, exchange);
    }
    return model;
  }

  private void add(int number, RecordedExchange exchange) {
    // Jackson fills absent fields with null, whatever the record promises.
    if (Objects.isNull(exchange.request())
        || Objects.isNull(exchange.text())
        || Objects.isNull(exchange.fingerprint())
        || Objects.isNull(exchange.finishReason())) {
      throw JsonLinesFile.refuse(
          file, number, "lacks request, fingerprint, text or finish_reason", KIND.remedy(), null);
    }
    answers.computeIfAbsent(exchange.request(), key -> new Answers()).exchanges.add(exchange);
    fingerprints.putIfAbsent(
        adapterName(exchange.request().path("adapter").asText("")), exchange.fingerprint());
  }

  private static String adapterName(@Nullable String adapter) {
    return adapter == null ? "" : adapter;
  }

  @Override
  public String name() {
    return header.model();
  }

  @Override
  public @Nullable Prices prices() {
    return header.prices();
  }

  /** {@inheritDoc} Those of an adapter that was not recorded name the recording. */
  @Override
  public String fingerprint(@Nullable String adapter) {
    String recorded = fingerprints.get(adapterName(adapter));
    return recorded == null ? "recording of " + name() + ", adapter " + adapter : recorded;
  }

  @Override
  public TextStream stream(GenerationRequest request) {
    return TextStream.of(answer(request, null).result());
  }

  @Override
  public GenerationResult call(GenerationRequest request, FunctionDeclaration function) {
    return answer(request, function).result();
  }

  private synchronized RecordedExchange answer(
      GenerationRequest request, @Nullable FunctionDeclaration function) {
    Answers known = answers.get(RecordedExchange.key(request, function));
    if (known == null) {
      throw missing(request, "is not recorded");
    }
    int count = known.exchanges.size();
    Double temperature = request.sampling().temperature();
    boolean greedy = temperature != null && temperature == 0;
    if (known.given >= count && !greedy) {
      throw missing(request, "is recorded " + count + " times only");
    }
    return known.exchanges.get(Math.min(known.given++, count - 1));
  }

  private AiCoderException missing(GenerationRequest request, String problem) {
    String prompt = text(request.prompt());
    String shown = prompt.length() <= SHOWN ? prompt : prompt.substring(0, SHOWN) + "…";
    return new AiCoderException(
        ErrorCategory.INPUT,
        String.format(
            "%s: the request '%s' (%s, %s) %s; record it with the model",
            file, shown, request.sampling(), request.stopping(), problem));
  }

  private static String text(Prompt prompt) {
    if (prompt instanceof Prompt.Chat chat) {
      return chat.messages().get(chat.messages().size() - 1).content();
    }
    return prompt instanceof Prompt.Text plain ? plain.text() : prompt.toString();
  }

  @Override
  public int countTokens(String text) {
    return tokenizer.applyAsInt(text);
  }

  /** Does nothing: a recording holds nothing open. */
  @Override
  public void close() {}
}
