package io.aicoder.text.jinja;

/** Something that a template can call. */
@FunctionalInterface
public interface Function {

  /** Returns the value of a call; whatever it throws ends the rendering. */
  Object call(Arguments arguments);
}
