package io.aicoder.error;

import org.jspecify.annotations.Nullable;

/**
 * The one exception that AICoder throws for bad input and broken surroundings.
 *
 * <p>Its message names what (the file and field, or the option), what is wrong with it, and what to
 * do about it.
 */
public class AiCoderException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final int LONGEST_MESSAGE = 2000;

  /** How much is kept of a long message's end, where the remedy stands. */
  private static final int MESSAGE_END = 500;

  private final ErrorCategory category;

  /**
   * Creates an exception.
   *
   * @param category the kind of failure
   * @param message what is wrong, where, and the remedy
   */
  public AiCoderException(ErrorCategory category, String message) {
    this(category, message, null);
  }

  /**
   * Creates an exception that keeps its cause.
   *
   * @param category the kind of failure
   * @param message what is wrong, where, and the remedy
   * @param cause what led to it, or {@code null}
   */
  public AiCoderException(ErrorCategory category, String message, @Nullable Throwable cause) {
    super(shortened(message), cause);
    this.category = category;
  }

  /** Names and values in messages come from files, which may hold ones without end. */
  private static String shortened(String message) {
    return message.length() <= LONGEST_MESSAGE
        ? message
        : message.substring(0, LONGEST_MESSAGE - MESSAGE_END)
            + " … "
            + message.substring(message.length() - MESSAGE_END);
  }

  /** Returns the kind of failure. */
  public ErrorCategory category() {
    return category;
  }
}
