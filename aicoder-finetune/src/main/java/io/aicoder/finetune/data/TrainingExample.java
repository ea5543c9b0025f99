package io.aicoder.finetune.data;

import java.util.List;

/**
 * A record as tokens: their ids, and on which of them loss falls. Immutable; takes 4 bytes a token.
 */
public final class TrainingExample {

  /** The label of a token on which no loss falls, as in PyTorch and Hugging Face. */
  public static final int IGNORED = -100;

  /** Marks a token with loss; ids are never that large. */
  private static final int LOSS = Integer.MIN_VALUE;

  private final RecordSource source;
  private final int[] tokens;
  private final int lossTokens;

  private TrainingExample(RecordSource source, int[] tokens) {
    this.source = source;
    this.tokens = tokens;
    int count = 0;
    for (int token : tokens) {
      count += token < 0 ? 1 : 0;
    }
    this.lossTokens = count;
  }

  /**
   * Makes an example. No loss falls on the first token: nothing comes before it that could foretell
   * it.
   *
   * @param source where the record stands
   * @param ids the tokens
   * @param learned whether loss falls on each
   */
  static TrainingExample of(RecordSource source, List<Integer> ids, List<Boolean> learned) {
    int[] tokens = new int[ids.size()];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = i > 0 && learned.get(i) ? ids.get(i) | LOSS : ids.get(i);
    }
    return new TrainingExample(source, tokens);
  }

  /** Returns the first tokens, all when there are fewer. */
  TrainingExample truncated(int length) {
    return length >= tokens.length
        ? this
        : new TrainingExample(source, java.util.Arrays.copyOf(tokens, length));
  }

  /** Returns where the record stands. */
  public RecordSource source() {
    return source;
  }

  /** Returns the number of tokens. */
  public int length() {
    return tokens.length;
  }

  /** Returns the number of tokens on which loss falls. */
  public int lossTokens() {
    return lossTokens;
  }

  /** Returns a token's id. */
  public int id(int index) {
    return tokens[index] & ~LOSS;
  }

  /**
   * Returns a token's label: its id, or {@link #IGNORED}. Labels stand where their tokens stand;
   * the prediction of label {@code i} is what the model says at token {@code i - 1}.
   */
  public int label(int index) {
    return tokens[index] < 0 ? id(index) : IGNORED;
  }
}
