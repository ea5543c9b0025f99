package io.aicoder.generate;

import java.util.List;

/**
 * A generated token and what could have stood in its place. The probabilities are the model's own,
 * before penalties, temperature and the rest.
 *
 * @param chosen the generated token
 * @param likeliest the likeliest tokens, best first, as many as the request asked for
 */
public record TokenChoice(TokenProbability chosen, List<TokenProbability> likeliest) {

  /** Copies the list. */
  public TokenChoice {
    likeliest = List.copyOf(likeliest);
  }
}
