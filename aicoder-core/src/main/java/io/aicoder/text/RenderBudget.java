package io.aicoder.text;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Counts the steps of one rendering, so that loops inside loops come to an end: Jinjava bounds how
 * long each is, and not their product.
 */
final class RenderBudget {

  private static final String NAME = "aicoder_budget";

  /** Far above what templates in use take: they have some dozens for each message. */
  private static final long STEPS = 5_000;

  private static final long STEPS_OF_MESSAGE = 500;

  private long left;

  private RenderBudget(long left) {
    this.left = left;
  }

  /** An error, because Jinjava notes exceptions and goes on with the next round of a loop. */
  static final class SpentError extends Error {
    private static final long serialVersionUID = 1L;

    SpentError() {
      super("the steps of a rendering are spent");
    }
  }

  /** Gives a rendering its budget: more for more messages. */
  static void put(Map<String, @Nullable Object> variables) {
    int messages = variables.get("messages") instanceof Collection<?> list ? list.size() : 0;
    variables.put(NAME, new RenderBudget(STEPS + STEPS_OF_MESSAGE * messages));
  }

  /**
   * Takes a step.
   *
   * @throws SpentError when none is left
   */
  static void spend(JinjavaInterpreter interpreter) {
    if (interpreter.getContext().get(NAME) instanceof RenderBudget budget && budget.left-- <= 0) {
      throw new SpentError();
    }
  }
}
