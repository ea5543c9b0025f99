package io.aicoder.generate;

/** Why a generation ended. */
public sealed interface FinishReason {

  /** Returns the word that the OpenAI wire format and our JSON use. */
  String wireName();

  /**
   * The model produced an end-of-sequence token; it is the last of the ids and not in the text.
   *
   * @param token the id of that token
   */
  record EndOfSequence(int token) implements FinishReason {
    @Override
    public String wireName() {
      return "stop";
    }
  }

  /**
   * A stop sequence of the request appeared; the text ends before it.
   *
   * @param sequence the sequence that was found
   */
  record StopSequence(String sequence) implements FinishReason {
    @Override
    public String wireName() {
      return "stop";
    }
  }

  /**
   * A stop token of the request was generated; it is the last of the ids and not in the text.
   *
   * @param token the id of that token
   */
  record StopToken(int token) implements FinishReason {
    @Override
    public String wireName() {
      return "stop";
    }
  }

  /** The text has the form that was asked for, and nothing may follow it. */
  record Complete() implements FinishReason {
    @Override
    public String wireName() {
      return "stop";
    }
  }

  /** The token limit of the request, or the model's context, was reached. */
  record Length() implements FinishReason {
    @Override
    public String wireName() {
      return "length";
    }
  }

  /** The caller cancelled; the text is what had been generated until then. */
  record Cancelled() implements FinishReason {
    @Override
    public String wireName() {
      return "cancelled";
    }
  }
}
