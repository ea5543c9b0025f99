package io.aicoder.engine;

import io.aicoder.llama.LlamaProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Takes a prompt into the program, in pieces. */
final class Prefill {

  /** Prompt tokens taken at once: bounds memory, and the wait until a cancellation is seen. */
  static final int CHUNK = 512;

  /** The KV cache grows in steps of this many positions. */
  private static final int CAPACITY_STEP = 256;

  private Prefill() {}

  /**
   * Begins an order's sequences: the prompt is in the first, and the choice of tokens is settled.
   *
   * @return false when the caller cancelled meanwhile
   */
  static boolean run(LlamaProgram program, Order order, BooleanSupplier cancelled) {
    List<Integer> prompt = order.promptIds();
    program.begin(order.sequences(), capacity((long) prompt.size() + order.maxNewTokens()));
    program.expect(prompt.size());
    program.configure(order.sampling(), prompt);
    for (int start = 0; start < prompt.size(); start += CHUNK) {
      if (cancelled.getAsBoolean()) {
        return false;
      }
      int end = Math.min(start + CHUNK, prompt.size());
      program.prefill(
          longs(prompt.subList(start, end)), start, order.adapter(), end == prompt.size());
    }
    return true;
  }

  /** Returns the positions to make room for. */
  static int capacity(long tokens) {
    long steps = (tokens + CAPACITY_STEP - 1) / CAPACITY_STEP;
    return (int) Math.min(steps * CAPACITY_STEP, Integer.MAX_VALUE);
  }

  static long[] longs(List<Integer> ids) {
    return ids.stream().mapToLong(Integer::longValue).toArray();
  }

  /** Returns the logits at the last prompt position. */
  static List<Float> logits(LlamaProgram program) {
    List<Float> values = new ArrayList<>();
    for (float value : program.logits()) {
      values.add(value);
    }
    return values;
  }
}
