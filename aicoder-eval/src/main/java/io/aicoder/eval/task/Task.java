package io.aicoder.eval.task;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * One benchmark task in AICoderEval's v4 shape. All fields are text; an absent one is empty.
 *
 * @param id what names the task in results: its {@code path}
 * @param requirements the packages it needs, separated by blanks: {@code function_req}
 * @param imports the import lines: {@code function_import}
 * @param functionCode the reference: def line, docstring and body
 * @param testCode the {@code test_<function>()} with its three cases
 * @param callLine the line that calls the test
 * @param instruction what the model is shown: {@code instruct}
 * @param answer the reference body, indented
 * @param domain the AI domain
 * @param library the main library
 */
public record Task(
    @JsonProperty("path") String id,
    @JsonProperty("function_req") String requirements,
    @JsonProperty("function_import") String imports,
    @JsonProperty("function_code") String functionCode,
    @JsonProperty("test_function_code") String testCode,
    @JsonProperty("call_test_function_line") String callLine,
    @JsonProperty("instruct") String instruction,
    @JsonProperty("answer") String answer,
    @JsonProperty("domain") String domain,
    @JsonProperty("library") String library) {

  /**
   * Returns the program that tests some code on this task.
   *
   * @param code imports and function, without test
   * @return the code, the test and the line that calls it
   */
  public String program(String code) {
    return code + "\n\n" + testCode + "\n\n" + callLine + "\n";
  }

  /** Returns the reference as code: imports and function. */
  public String reference() {
    return imports + "\n\n" + functionCode;
  }

  /**
   * Returns the function under test, cut behind its docstring.
   *
   * @throws IllegalStateException when {@link #functionCode} defines no function, which no task of
   *     a {@link TaskSet} does
   */
  public PythonFunction function() {
    PythonFunction function = PythonFunction.parse(functionCode, testedName(callLine));
    if (function == null) {
      throw new IllegalStateException("task " + id + ": function_code defines no function");
    }
    return function;
  }

  /** Returns the name that a line such as {@code test_load_image()} is about. */
  static String testedName(String callLine) {
    String call = callLine.strip();
    int bracket = call.indexOf('(');
    String name = bracket < 0 ? call : call.substring(0, bracket);
    return name.startsWith("test_") ? name.substring("test_".length()) : name;
  }
}
