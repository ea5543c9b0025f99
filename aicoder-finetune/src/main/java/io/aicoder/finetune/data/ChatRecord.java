package io.aicoder.finetune.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.finetune.data.TrainingRecord.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Reads conversations, as OpenAI and Hugging Face write them and as ShareGPT does. */
final class ChatRecord {

  private static final String ASSISTANT = "assistant";

  /** The roles that chat templates know, as OpenAI and Hugging Face name them. */
  private static final List<String> KNOWN =
      List.of("system", "developer", "user", ASSISTANT, "tool", "ipython", "function");

  /** ShareGPT's names of those who speak. */
  private static final Map<String, String> ROLES =
      Map.of("human", "user", "gpt", ASSISTANT, "bot", ASSISTANT);

  private ChatRecord() {}

  static TrainingRecord read(JsonRecord record) {
    String field = record.hasAny("messages") ? "messages" : "conversations";
    List<Turn> turns = turns(record, field);
    if (turns.isEmpty()) {
      throw record.refuse(field, "is empty", "give one message at least");
    }
    return new TrainingRecord.Chat(turns);
  }

  /** Returns the messages of a field; loss falls on those of the assistant. */
  static List<Turn> turns(JsonRecord record, String field) {
    List<Turn> turns = new ArrayList<>();
    for (JsonRecord message : record.list(field)) {
      String role = role(message);
      turns.add(new Turn(role, content(message), role.equals(ASSISTANT) && weight(message)));
    }
    return turns;
  }

  /** A role that nobody knows would take its message out of the loss without a word. */
  private static String role(JsonRecord message) {
    String field = message.hasAny("from") && !message.hasAny("role") ? "from" : "role";
    String name = message.textOrEmpty(field);
    if (name.isBlank()) {
      throw message.refuse(field, "is absent", "say who speaks: system, user or assistant");
    }
    String role = ROLES.getOrDefault(name, name);
    if (!KNOWN.contains(role)) {
      throw message.refuse(
          field,
          "is '" + name + "', which is no known role",
          "write one of "
              + String.join(", ", KNOWN)
              + " (of ShareGPT, too: "
              + String.join(", ", new TreeSet<>(ROLES.keySet()))
              + ")");
    }
    return role;
  }

  private static String content(JsonRecord message) {
    if (message.node().path("tool_calls").size() > 0) {
      throw message.refuse(
          "tool_calls", "is not supported", "write the call into content, or leave the record out");
    }
    if (message.isList("content")) {
      StringBuilder text = new StringBuilder();
      for (JsonRecord part : message.list("content")) {
        text.append(part.text("text"));
      }
      return text.toString();
    }
    return message.hasAny("value") ? message.text("value") : message.text("content");
  }

  /** OpenAI's way to take a message of the assistant out of the loss. */
  private static boolean weight(JsonRecord message) {
    JsonNode weight = message.node().get("weight");
    if (weight == null || weight.isNull()) {
      return true;
    }
    if (!weight.isNumber() || (weight.doubleValue() != 0 && weight.doubleValue() != 1)) {
      throw message.refuse("weight", "is " + weight, "write 0 or 1");
    }
    return weight.doubleValue() == 1;
  }
}
