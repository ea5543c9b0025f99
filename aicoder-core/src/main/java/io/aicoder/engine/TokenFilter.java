package io.aicoder.engine;

/**
 * Which tokens a text may go on with: how the engine sees a constraint, at one place of a text.
 *
 * <p>Immutable in what it allows: {@link #accept} returns the filter behind a token, so that
 * samples share the beginning of a text. For each token the engine samples from {@link #mask};
 * while {@link #allows} says no, it takes the mask again, without the tokens refused so far, and
 * samples again; then it accepts the token. A generation ends at an end-of-sequence token, which is
 * not accepted. Used by the engine's thread.
 */
public interface TokenFilter {

  /**
   * Returns the tokens to sample from: token {@code t} stands in bit {@code t % 64} of element
   * {@code t / 64}. End-of-sequence tokens are set exactly where the text may end. A mask that was
   * seen before costs nothing but its comparison: the device keeps those used last.
   *
   * @return {@code vocab_size / 64} elements, rounded up; not changed by the engine
   */
  long[] mask();

  /**
   * Whether a token of the mask may really come next: for what is too costly to say of every token.
   *
   * @param token a token id
   */
  boolean allows(int token);

  /**
   * Returns the filter behind a token.
   *
   * @param token a token that {@link #allows} takes
   */
  TokenFilter accept(int token);

  /** Whether nothing may follow, so that the generation can end at once. */
  boolean finished();
}
