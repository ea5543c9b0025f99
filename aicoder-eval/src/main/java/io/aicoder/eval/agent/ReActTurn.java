package io.aicoder.eval.agent;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a model wants to do, read from what it wrote in the ReAct format.
 *
 * <p>Models keep to the format more or less: markup around the key words, {@code tool[input]},
 * fences or JSON around the input, {@code Final Answer:}, observations that they make up, and code
 * without any action are all understood.
 *
 * @param action the action's name in lower case; {@code null} when there is none
 * @param input what it needs, without fences
 */
record ReActTurn(@Nullable String action, String input) {

  /** The action that hands a program in. */
  static final String SUBMIT = "submit";

  private static final String BEGIN = "^[ \\t>#*_-]*";
  private static final String END = "[ \\t*_]*:[ \\t*_]*";
  private static final int FLAGS =
      Pattern.MULTILINE | Pattern.CASE_INSENSITIVE | Pattern.UNIX_LINES;
  private static final Pattern OBSERVATION = Pattern.compile(BEGIN + "observation" + END, FLAGS);
  private static final Pattern FINAL =
      Pattern.compile(BEGIN + "(?:final answer|answer)" + END, FLAGS);
  private static final Pattern ACTION = Pattern.compile(BEGIN + "action" + END + "(.*)$", FLAGS);
  private static final Pattern INPUT = Pattern.compile(BEGIN + "action[ _]?input" + END, FLAGS);
  private static final Pattern NEXT =
      Pattern.compile(BEGIN + "(?:thought|action|observation)" + END, FLAGS);
  private static final Pattern THOUGHT =
      Pattern.compile("^[ \\t>#*_-]*thought" + END, Pattern.CASE_INSENSITIVE);
  private static final Pattern NAME = Pattern.compile("[`'\"*_]*([A-Za-z]\\w*)[`'\"*_]*");
  private static final Pattern CODE = Pattern.compile("^(?:def|import|from|class) |```", FLAGS);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Reads an answer; what follows a made-up observation does not count. */
  static ReActTurn parse(String answer) {
    Matcher made = OBSERVATION.matcher(answer);
    String text = made.find() ? answer.substring(0, made.start()) : answer;
    Matcher action = ACTION.matcher(text);
    if (action.find()) {
      return of(action.group(1).strip(), text.substring(action.end()));
    }
    Matcher last = FINAL.matcher(text);
    if (last.find()) {
      return new ReActTurn(SUBMIT, input(text.substring(last.end())));
    }
    return CODE.matcher(text).find()
        ? new ReActTurn(SUBMIT, ProgramExtractor.firstBlock(text))
        : new ReActTurn(null, "");
  }

  /** Returns what an answer says before its action; all of it where there is none. */
  static String thought(String answer) {
    Matcher action = ACTION.matcher(answer);
    String text = action.find() ? answer.substring(0, action.start()) : answer;
    return THOUGHT.matcher(text.strip()).replaceFirst("").strip();
  }

  /** Takes the name from the action's line, and the input from there or from what follows. */
  private static ReActTurn of(String line, String rest) {
    Matcher name = NAME.matcher(line);
    if (!name.lookingAt()) {
      return new ReActTurn(null, "");
    }
    String action = name.group(1).toLowerCase(Locale.ROOT);
    if (action.equals("final") || action.equals("finish") || action.equals("answer")) {
      action = SUBMIT;
    }
    String behind = line.substring(name.end()).strip();
    Matcher input = INPUT.matcher(rest);
    if (input.find()) {
      return new ReActTurn(action, input(untilNext(rest.substring(input.end()))));
    }
    if (behind.startsWith("[") || behind.startsWith("(")) {
      return new ReActTurn(action, input(unbracketed(behind + rest)));
    }
    return new ReActTurn(action, input(untilNext(behind.isEmpty() ? rest : behind + rest)));
  }

  /** A second action in one answer has not been observed: it does not count. */
  private static String untilNext(String text) {
    Matcher next = NEXT.matcher(text);
    return next.find() ? text.substring(0, next.start()) : text;
  }

  private static String unbracketed(String text) {
    char close = text.charAt(0) == '[' ? ']' : ')';
    int end = text.lastIndexOf(close);
    String inside = end < 0 ? text.substring(1) : text.substring(1, end);
    String bare = inside.strip();
    boolean quoted =
        bare.length() > 1
            && (bare.charAt(0) == '"' || bare.charAt(0) == '\'')
            && bare.indexOf(bare.charAt(0), 1) == bare.length() - 1;
    return quoted ? bare.substring(1, bare.length() - 1) : inside;
  }

  private static String input(String text) {
    String plain = PythonText.stripLineFeeds(ProgramExtractor.firstBlock(text));
    String single = fromJson(plain.strip());
    String input = single == null ? plain : single;
    return input.contains("\n") ? input.stripTrailing() : input.strip();
  }

  /** Returns the text of a JSON object with one field, as function callers write it. */
  private static @Nullable String fromJson(String text) {
    if (!text.startsWith("{")) {
      return null;
    }
    try {
      JsonNode object = JSON.readTree(text);
      JsonNode value = object.size() == 1 ? object.elements().next() : object;
      return value.isTextual() ? value.textValue() : null;
    } catch (JsonProcessingException e) {
      return null;
    }
  }
}
