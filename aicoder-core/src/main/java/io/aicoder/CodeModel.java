package io.aicoder;

import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import org.jspecify.annotations.Nullable;

/**
 * What a model is to the other modules: something that continues prompts. {@link AiCoder} is the
 * local one; a remote endpoint or a recording can be another.
 *
 * <p>Implementations are safe for use by several threads.
 */
public interface CodeModel extends AutoCloseable {

  /** Returns a name for people: the checkpoint's directory, or the remote model's name. */
  String name();

  /**
   * Returns what identifies the weights in results: equal fingerprints mean equal models.
   *
   * @param adapter the name of a loaded adapter, or {@code null} for the model without one
   */
  String fingerprint(@Nullable String adapter);

  /**
   * Starts a generation.
   *
   * @return the stream, to be closed by the caller
   * @throws io.aicoder.error.AiCoderException when the request cannot be served
   */
  TextStream stream(GenerationRequest request);

  /**
   * Generates and waits for the result.
   *
   * @throws io.aicoder.error.AiCoderException when the request cannot be served
   */
  default GenerationResult generate(GenerationRequest request) {
    try (TextStream stream = stream(request)) {
      return stream.result();
    }
  }

  /** Returns the number of tokens in a text, special tokens not added. */
  int countTokens(String text);

  /**
   * Frees what the model holds. A request that runs ends as cancelled, one that waits with an
   * error.
   */
  @Override
  void close();
}
