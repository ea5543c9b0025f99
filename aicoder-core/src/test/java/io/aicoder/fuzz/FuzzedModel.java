package io.aicoder.fuzz;

import io.aicoder.AiCoder;
import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A tiny model directory, one file of which is an input. */
final class FuzzedModel {

  private final Path directory;

  private FuzzedModel(Path directory) {
    this.directory = directory;
  }

  /** Copies the tiny checkpoint of a name, and gives it a small tokenizer and a chat template. */
  static FuzzedModel of(String checkpoint, Path parent) {
    ModelDirectory copy =
        ModelDirectory.copy(Recording.path("checkpoints/" + checkpoint), parent.resolve("model"));
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      copy.write(file, resource("model/" + file));
    }
    return new FuzzedModel(copy.path());
  }

  /** Takes any directory. */
  static FuzzedModel of(ModelDirectory directory) {
    return new FuzzedModel(directory.path());
  }

  private static String resource(String name) {
    try {
      return Files.readString(Recording.path("io/aicoder/fuzz/" + name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path directory() {
    return directory;
  }

  /** Writes the input. */
  FuzzedModel with(String file, byte[] content) {
    try {
      Files.write(directory.resolve(file), content);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Loads the model and takes the first steps of a generation for a token, a text and a chat.
   *
   * <p>The number of new tokens is left to the files, which say how much memory is asked for.
   */
  void run() {
    try (AiCoder coder = AiCoder.load(directory)) {
      begin(coder, GenerationRequest.tokens(List.of(1)).build());
      begin(coder, GenerationRequest.text("def f(x): return x\n  # ünïcode").build());
      begin(coder, GenerationRequest.chat(ChatMessage.user("Hi <|eot|>")).build());
      coder.decode(List.of(0, 1, 2, 300));
    } catch (AiCoderException e) {
      requireMessage(e);
    }
  }

  /** Stops as soon as there is some text. */
  private static void begin(AiCoder coder, GenerationRequest request) {
    try (var stream = coder.stream(request)) {
      if (stream.hasNext()) {
        stream.cancel();
      }
      stream.result();
    } catch (AiCoderException e) {
      requireMessage(e);
    }
  }

  /** What is refused is refused in words, and in fewer than a screen of them. */
  static void requireMessage(AiCoderException e) {
    String message = e.getMessage();
    if (message == null || message.isBlank() || message.length() > 3000) {
      throw new AssertionError("a message of " + (message == null ? 0 : message.length()), e);
    }
  }
}
