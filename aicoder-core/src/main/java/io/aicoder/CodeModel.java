package io.aicoder;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import java.util.ArrayList;
import java.util.List;
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
   * @throws io.aicoder.error.AiCoderException when the request cannot be served; one that asks for
   *     several samples never can
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

  /**
   * Generates all samples that the request asks for, and waits for them. Sample i is what {@link
   * GenerationRequest#sample} asks for alone. An interrupt of the thread cancels them.
   *
   * @return the samples; of beam search the best texts, best first
   * @throws io.aicoder.error.AiCoderException when the request cannot be served
   */
  default List<GenerationResult> generateAll(GenerationRequest request) {
    Integer beams = request.beams().beams();
    if (beams != null && beams > 1 && request.samples() > 1) {
      throw new AiCoderException(
          ErrorCategory.REQUEST, "n is " + request.samples() + ": this model returns one beam");
    }
    List<GenerationResult> results = new ArrayList<>();
    for (int i = 0; i < request.samples(); i++) {
      results.add(generate(request.sample(i)));
    }
    return results;
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
