package io.aicoder.eval.build;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.eval.prompt.Templates;
import io.aicoder.eval.remote.FunctionDeclaration;
import io.aicoder.eval.task.PythonFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The function call that a generator model is asked for, and the check of what it answers. */
final class FunctionSchema {

  /** What the model is to call. */
  static final FunctionDeclaration DECLARATION =
      new FunctionDeclaration(
          "save_function",
          "Saves one Python function with its test.",
          Templates.resource(FunctionSchema.class, "save_function.json"));

  /**
   * What an answer holds.
   *
   * @param function the function; {@code null} when there are problems
   * @param problems what is wrong, each naming its field
   */
  record Reading(@Nullable GeneratedFunction function, List<String> problems) {}

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern JSON_BLOCK =
      Pattern.compile("```(?:json)?[ \\t]*\\n(\\s*\\{.*?)\\n```", Pattern.DOTALL);
  private static final Pattern CODE_BLOCK =
      Pattern.compile("\\A\\s*```\\w*[ \\t]*\\n(.*?)\\n?```\\s*\\z", Pattern.DOTALL);
  private static final Pattern NAME = Pattern.compile("[A-Za-z_]\\w*");
  private static final Pattern CASES = Pattern.compile("\\[[^\\]/\\n]{1,9}/\\d\\]");
  private static final Pattern INSTALLER =
      Pattern.compile("(?m)^\\s*!?\\s*(?:(?:python3? -m )?pip3? install|conda install)\\s+");
  private static final Pattern GOOGLE_STYLE = Pattern.compile("(?m)^\\s+(Args|Returns|Raises):");

  private final JsonNode answer;
  private final List<String> problems = new ArrayList<>();

  private FunctionSchema(JsonNode answer) {
    this.answer = answer;
  }

  /** Reads an answer: the arguments of the call, or a text that holds them. */
  static Reading read(String answer) {
    JsonNode object = object(answer);
    if (object == null) {
      return new Reading(null, List.of("the answer is not the call with its JSON arguments"));
    }
    return new FunctionSchema(object).read();
  }

  private static @Nullable JsonNode object(String answer) {
    List<String> candidates = new ArrayList<>(List.of(answer));
    Matcher block = JSON_BLOCK.matcher(answer);
    if (block.find()) {
      candidates.add(block.group(1));
    }
    int start = answer.indexOf('{');
    int end = answer.lastIndexOf('}');
    if (start >= 0 && end > start) {
      candidates.add(answer.substring(start, end + 1));
    }
    for (String candidate : candidates) {
      try {
        JsonNode node = JSON.readTree(candidate);
        if (node != null && node.isObject()) {
          return node;
        }
      } catch (JsonProcessingException e) {
        // the next candidate may be one
      }
    }
    return null;
  }

  private Reading read() {
    GeneratedFunction function =
        new GeneratedFunction(
            text("function_name", true).strip(),
            code("function_import", false),
            code("function_code", true),
            code("test_function_code", true),
            code("call_test_function_line", true),
            INSTALLER.matcher(words("requirements_install")).replaceAll("").strip());
    if (problems.isEmpty()) {
      checkTogether(function);
    }
    return new Reading(problems.isEmpty() ? function : null, problems);
  }

  private void checkTogether(GeneratedFunction function) {
    String name = function.name();
    if (!NAME.matcher(name).matches()) {
      problems.add("function_name: '" + name + "' is no Python name");
      return;
    }
    PythonFunction parsed = PythonFunction.parse(function.code(), name);
    if (parsed == null || !parsed.name().equals(name)) {
      problems.add("function_code: does not define " + name + " at its left margin");
    } else if (!GOOGLE_STYLE.matcher(parsed.head()).find()) {
      problems.add("function_code: has no docstring with Args, Returns or Raises");
    }
    checkTest(function, "test_" + name);
  }

  private void checkTest(GeneratedFunction function, String testName) {
    if (!Pattern.compile("(?m)^def " + testName + "\\(\\)").matcher(function.test()).find()) {
      problems.add("test_function_code: does not define " + testName + "() at its left margin");
    }
    for (String line : List.of("Testing started.", "Testing finished.")) {
      if (!function.test().contains(line)) {
        problems.add("test_function_code: does not print '" + line + "'");
      }
    }
    if (!CASES.matcher(function.test()).find()) {
      problems.add("test_function_code: does not print 'Test case [1/3] succeeded' and so on");
    }
    if (!function.call().strip().equals(testName + "()")) {
      problems.add("call_test_function_line: is not " + testName + "()");
    }
  }

  /** Models like to put fences around code. */
  private String code(String field, boolean required) {
    String text = text(field, required);
    Matcher block = CODE_BLOCK.matcher(text);
    return (block.matches() ? block.group(1) : text).replace("\r\n", "\n").stripTrailing();
  }

  private String text(String field, boolean required) {
    JsonNode value = answer.get(field);
    if (value != null && !value.isNull() && !value.isTextual()) {
      problems.add(field + ": is no text");
    } else if (required && (value == null || value.asText().isBlank())) {
      problems.add(field + ": is absent");
    }
    return value == null ? "" : value.asText("");
  }

  private String words(String field) {
    JsonNode value = answer.get(field);
    if (value == null || !value.isArray()) {
      return text(field, false).replaceAll("[\\s,]+", " ");
    }
    List<String> words = new ArrayList<>();
    value.forEach(word -> words.add(word.asText()));
    return String.join(" ", words);
  }
}
