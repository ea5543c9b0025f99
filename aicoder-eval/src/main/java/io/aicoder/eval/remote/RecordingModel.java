package io.aicoder.eval.remote;

import io.aicoder.CodeModel;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.file.JsonLinesFile;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what another model answers, local or remote, so that {@link RecordedModel} can answer
 * the same requests without it.
 *
 * <p>The file is JSON lines: a header with the format's version, the model's name and its prices,
 * then one line for each answered request. Answers are added to a file of the same model that is
 * there already. Requests that fail are not recorded. Closing this closes the model.
 */
public final class RecordingModel implements PricedModel, FunctionCallingModel {

  private final CodeModel model;
  private final Path file;
  private final JsonLinesFile lines;

  /**
   * Begins or goes on with a recording.
   *
   * @param model who answers; owned by this object from now on
   * @param file where to; made with its folder when it is not there
   * @throws AiCoderException (INPUT) when the file is a recording of another model or none at all,
   *     (ENVIRONMENT) when it cannot be written
   */
  public RecordingModel(CodeModel model, Path file) {
    this.model = model;
    this.file = file;
    boolean goesOn = Files.exists(file);
    if (goesOn) {
      requireSameModel();
    }
    lines = JsonLinesFile.open(file);
    if (!goesOn) {
      lines.append(
          new RecordedExchange.Header(RecordedExchange.VERSION, model.name(), prices()), true);
    }
  }

  private void requireSameModel() {
    String recorded = RecordedModel.load(file).name();
    if (!recorded.equals(model.name())) {
      throw new AiCoderException(
          ErrorCategory.INPUT,
          String.format(
              "%s: is a recording of '%s', not of '%s'; choose another file",
              file, recorded, model.name()));
    }
  }

  @Override
  public String name() {
    return model.name();
  }

  @Override
  public String fingerprint(@Nullable String adapter) {
    return model.fingerprint(adapter);
  }

  @Override
  public @Nullable Prices prices() {
    return model instanceof PricedModel priced ? priced.prices() : null;
  }

  @Override
  public GenerationResult generate(GenerationRequest request) {
    long start = System.nanoTime();
    GenerationResult result = model.generate(request);
    record(request, null, result, start);
    return result;
  }

  @Override
  public GenerationResult call(GenerationRequest request, FunctionDeclaration function) {
    long start = System.nanoTime();
    GenerationResult result = FunctionCallingModel.call(model, request, function);
    record(request, function, result, start);
    return result;
  }

  @Override
  public TextStream stream(GenerationRequest request) {
    return new RecordingStream(request, model.stream(request));
  }

  private void record(
      GenerationRequest request,
      @Nullable FunctionDeclaration function,
      GenerationResult result,
      long start) {
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    lines.append(
        RecordedExchange.of(request, function, model.fingerprint(request.adapter()), result, time),
        false);
  }

  @Override
  public int countTokens(String text) {
    return model.countTokens(text);
  }

  @Override
  public void close() {
    try (lines) {
      model.close();
    }
  }

  /** Records a stream that was read to its end; one that was left early has no whole answer. */
  private final class RecordingStream implements TextStream {

    private final GenerationRequest request;
    private final TextStream stream;
    private final long start = System.nanoTime();
    private boolean recorded;

    RecordingStream(GenerationRequest request, TextStream stream) {
      this.request = request;
      this.stream = stream;
    }

    @Override
    public boolean hasNext() {
      boolean more = stream.hasNext();
      if (!more) {
        result();
      }
      return more;
    }

    @Override
    public String next() {
      return stream.next();
    }

    @Override
    public GenerationResult result() {
      GenerationResult result = stream.result();
      if (!recorded) {
        recorded = true;
        record(request, null, result, start);
      }
      return result;
    }

    @Override
    public void cancel() {
      stream.cancel();
    }

    @Override
    public void close() {
      stream.close();
    }
  }
}
