package io.aicoder.serving;

import org.jspecify.annotations.Nullable;

/** A request body that cannot be served: becomes status 400. */
final class BadRequestException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final @Nullable String parameter;

  /**
   * Creates one.
   *
   * @param parameter the field that is wrong, or {@code null} for the body as a whole
   * @param message what is wrong with it and what to send instead
   */
  BadRequestException(@Nullable String parameter, String message) {
    super(message);
    this.parameter = parameter;
  }

  @Nullable String parameter() {
    return parameter;
  }
}
