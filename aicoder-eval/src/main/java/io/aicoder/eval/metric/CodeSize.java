package io.aicoder.eval.metric;

import java.util.function.ToIntFunction;

/**
 * How long a piece of code is: the paper's CL and CT.
 *
 * @param lines lines that are not blank (CL)
 * @param tokens tokens (CT); 0 without a tokenizer
 */
public record CodeSize(int lines, int tokens) {

  /**
   * Measures some code.
   *
   * @param code imports and function, without test; empty code has size 0
   * @param tokenizer counts the tokens of a text
   */
  public static CodeSize of(String code, ToIntFunction<String> tokenizer) {
    int lines = (int) code.lines().filter(line -> !line.isBlank()).count();
    return new CodeSize(lines, code.isEmpty() ? 0 : tokenizer.applyAsInt(code));
  }
}
