package io.aicoder.serving;

import ai.djl.inference.streaming.PublisherBytesSupplier;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.BytesSupplier;
import ai.djl.ndarray.NDList;
import ai.djl.translate.Batchifier;
import ai.djl.translate.ServingTranslator;
import ai.djl.translate.TranslatorContext;
import io.aicoder.CodeModel;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.TextStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers DJL Serving's requests: reads the body, generates, and writes the answer whole or as
 * server-sent events.
 *
 * <p>Safe for use by several threads; the model's own queue orders the generations.
 */
final class AiCoderTranslator implements ServingTranslator {

  private static final Logger LOGGER = LoggerFactory.getLogger(AiCoderTranslator.class);

  private static final String OUTPUT = "output";

  private final CodeModel model;
  private final ExecutorService streams;

  AiCoderTranslator(CodeModel model) {
    this.model = model;
    AtomicInteger number = new AtomicInteger();
    this.streams =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "aicoder-stream-" + number.getAndIncrement());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Requests are not stacked into tensors: the engine behind the model orders them itself. */
  @Override
  public @Nullable Batchifier getBatchifier() {
    return null;
  }

  @Override
  public void setArguments(Map<String, ?> arguments) {
    // AiCoderBlockFactory reads them.
  }

  @Override
  public NDList processInput(TranslatorContext context, Input input) {
    context.setAttachment(OUTPUT, answer(input));
    return new NDList();
  }

  @Override
  public Output processOutput(TranslatorContext context, NDList list) {
    return (Output) context.getAttachment(OUTPUT);
  }

  private Output answer(Input input) {
    try {
      BytesSupplier data = input.getData();
      if (data == null) {
        throw new BadRequestException(
            null, "the request has no body: send JSON with Content-Type: application/json");
      }
      WireFormat format = WireFormat.parse(data.getAsBytes(), model.name());
      return format.stream() ? streamed(format) : whole(format);
    } catch (BadRequestException e) {
      return error(400, "Bad Request", e.parameter(), e.getMessage());
    } catch (AiCoderException e) {
      if (e.category() == ErrorCategory.REQUEST) {
        return error(400, "Bad Request", null, e.getMessage());
      }
      LOGGER.error("A generation failed", e);
      return error(500, "Internal Server Error", null, e.getMessage());
    }
  }

  private Output whole(WireFormat format) {
    return output(200, "OK", "application/json", format.whole(model.generateAll(format.request())));
  }

  private Output streamed(WireFormat format) {
    // Started here, so that a request that is refused gets its own status.
    TextStream stream = model.stream(format.request());
    PublisherBytesSupplier publisher = new PublisherBytesSupplier();
    streams.execute(() -> publish(format, stream, publisher));
    Output output = new Output(200, "OK");
    output.addProperty("Content-Type", "text/event-stream");
    output.addProperty("Cache-Control", "no-cache");
    output.add(publisher);
    return output;
  }

  private static void publish(
      WireFormat format, TextStream stream, PublisherBytesSupplier publisher) {
    try (stream) {
      append(publisher, format.first(), false);
      while (stream.hasNext()) {
        append(publisher, format.piece(stream.next()), false);
      }
      append(publisher, format.last(stream.result()), true);
    } catch (AiCoderException e) {
      LOGGER.error("A generation failed while it was streamed", e);
      append(
          publisher,
          WireFormat.event(WireFormat.error("server_error", null, e.getMessage())),
          true);
    } catch (RuntimeException e) {
      // Nobody listens any more: closing the stream ends the generation.
      LOGGER.debug("A stream was given up", e);
    }
  }

  private static void append(PublisherBytesSupplier publisher, String text, boolean last) {
    publisher.appendContent(text.getBytes(StandardCharsets.UTF_8), last);
  }

  private static Output error(
      int code, String reason, @Nullable String parameter, @Nullable String message) {
    String type = code < 500 ? "invalid_request_error" : "server_error";
    return output(code, reason, "application/json", WireFormat.error(type, parameter, message));
  }

  private static Output output(int code, String reason, String contentType, String body) {
    Output output = new Output(code, reason);
    output.addProperty("Content-Type", contentType);
    output.add(body);
    return output;
  }
}
