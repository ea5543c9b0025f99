package io.aicoder.finetune.data;

import io.aicoder.finetune.data.TrainingRecord.Question;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads AICoderEval's records: the prompt is {@code instruct}, the completion {@code answer}.
 *
 * <p>What is absent comes from {@code function_import} and {@code function_code}, which in turn may
 * come from {@code content}, cut at its marker lines: imports, def line and docstring are shown,
 * the body is the answer.
 */
final class AiCoderEvalRecord {

  /** Groups: everything up to and with the docstring of the first function; its body. */
  private static final Pattern FUNCTION =
      Pattern.compile(
          "(.*?^(?:async )?def \\w.*?:[ \\t]*(?:#[^\\n]*)?\\n"
              + "(?:\\s*[rRuU]?(?:\"\"\".*?\"\"\"|'''.*?'''|\"[^\"\\n]*\"|'[^'\\n]*')[ \\t]*\\n)?)"
              + "(.*)",
          Pattern.MULTILINE | Pattern.DOTALL);

  private final JsonRecord record;

  private AiCoderEvalRecord(JsonRecord record) {
    this.record = record;
  }

  static TrainingRecord read(JsonRecord record) {
    return new AiCoderEvalRecord(record).question();
  }

  private Question question() {
    String prompt = record.optText("instruct");
    String answer = record.optText("answer");
    if (prompt == null || answer == null) {
      Matcher function = function(prompt == null ? "instruct" : "answer");
      prompt = prompt == null ? shown(function.group(1)) : prompt;
      answer = answer == null ? function.group(2) : answer;
    }
    return new Question(prompt, answer);
  }

  private String shown(String head) {
    String imports = field("function_import");
    return imports == null || imports.isBlank() ? head : imports + "\n\n" + head;
  }

  private Matcher function(String absent) {
    String code = field("function_code");
    if (code == null) {
      throw record.refuse(
          absent,
          "is absent, and so is function_code to take it from",
          "add it, or function_code, or content with its marker lines");
    }
    Matcher function = FUNCTION.matcher(code);
    if (!function.matches()) {
      throw record.refuse(
          "function_code", "defines no function", "give the reference with its def line");
    }
    return function;
  }

  /** Returns a field or, when it is absent, its section of {@code content}. */
  private @Nullable String field(String name) {
    String value = record.optText(name);
    if (value != null) {
      return value;
    }
    Matcher section =
        Pattern.compile("^# " + name + " ---+[ \\t]*\\n?(.*?)(?=^# \\w+ ---|\\z)", FUNCTION.flags())
            .matcher(record.textOrEmpty("content"));
    return section.find() ? trimLines(section.group(1)) : null;
  }

  /** Drops blank lines around a text, and blanks behind it, but no indentation. */
  private static String trimLines(String text) {
    return text.replaceFirst("^(?:[ \\t\\r]*\\n)++", "").stripTrailing();
  }
}
