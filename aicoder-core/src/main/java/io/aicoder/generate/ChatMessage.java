package io.aicoder.generate;

/**
 * One message of a conversation, as chat templates and the OpenAI wire format know it.
 *
 * @param role who speaks: {@code system}, {@code user}, {@code assistant} or what else the chat
 *     template takes
 * @param content the text
 */
public record ChatMessage(String role, String content) {

  /** Returns a message of the system. */
  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  /** Returns a message of the user. */
  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  /** Returns a message of the model. */
  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }
}
