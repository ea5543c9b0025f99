package io.aicoder.text.jinja;

/** A template that cannot be read or rendered. */
public final class TemplateException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int line;

  /** Creates one whose line is not known yet. */
  TemplateException(String message) {
    this(message, 0);
  }

  TemplateException(String message, int line) {
    super(message);
    this.line = line;
  }

  /** Returns the same with a line, unless it has one. */
  TemplateException at(int place) {
    if (line > 0) {
      return this;
    }
    TemplateException placed = new TemplateException(String.valueOf(getMessage()), place);
    placed.initCause(this);
    return placed;
  }

  /** Returns the line of the template, from 1; 0 when it is not known. */
  public int line() {
    return line;
  }
}
