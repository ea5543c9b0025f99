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
    @JsonProperty("library") String library) {}
