package io.aicoder.generate;

import java.util.List;

/** What a model continues: a conversation, a plain text, or raw token ids. */
public sealed interface Prompt {

  /**
   * A conversation, rendered by the checkpoint's chat template with a generation prompt at its end.
   *
   * @param messages the messages, oldest first, at least one
   */
  record Chat(List<ChatMessage> messages) implements Prompt {
    /** Copies the messages. */
    public Chat {
      messages = List.copyOf(messages);
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("messages is empty: a conversation needs one at least");
      }
    }
  }

  /**
   * A plain text, without template; the tokenizer adds what its own post-processor adds (for
   * Llama&nbsp;3 the begin-of-text token), unless the text begins with it already.
   *
   * @param text the text
   */
  record Text(String text) implements Prompt {}

  /**
   * Token ids taken as they are: no template, nothing added.
   *
   * @param ids the ids, at least one, each in {@code [0, vocab_size)}
   */
  record Tokens(List<Integer> ids) implements Prompt {
    /** Copies the ids. */
    public Tokens {
      ids = List.copyOf(ids);
      if (ids.isEmpty()) {
        throw new IllegalArgumentException("ids is empty: a prompt needs one token at least");
      }
    }
  }
}
