package io.aicoder.generate;

import java.util.Iterator;

/**
 * A generation under way: an iterator over the pieces of text as they appear, and the result at the
 * end.
 *
 * <p>Every piece is whole characters: a character whose bytes span several tokens comes when its
 * last byte does. The pieces, joined, are exactly {@link GenerationResult#text()}.
 *
 * <p>One thread iterates; {@link #cancel} may be called from any.
 */
public interface TextStream extends Iterator<String>, AutoCloseable {

  /**
   * Waits until another piece or the end has come.
   *
   * @throws io.aicoder.error.AiCoderException when the generation failed
   */
  @Override
  boolean hasNext();

  /**
   * Takes what is left of the stream and returns the result.
   *
   * @throws io.aicoder.error.AiCoderException when the generation failed
   */
  GenerationResult result();

  /** Asks the generation to stop before its next token; does not wait. */
  void cancel();

  /** Cancels the generation if it still runs. */
  @Override
  void close();

  /** Returns a finished stream that holds one result: for models that do not stream. */
  static TextStream of(GenerationResult result) {
    return new FinishedTextStream(result);
  }
}
