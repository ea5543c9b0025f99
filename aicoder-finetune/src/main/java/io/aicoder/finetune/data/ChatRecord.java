package io.aicoder.finetune.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.finetune.data.TrainingRecord.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads conversations, as OpenAI and Hugging Face write them and as ShareGPT does. */
final class ChatRecord {

  private static final String ASSISTANT = "assistant";

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
      String name = message.hasAny("role") ? message.text("role") : message.textOrEmpty("from");
      if (name.isBlank()) {
        throw message.refuse("role", "is absent", "say who speaks: system, user or assistant");
      }
      String role = ROLES.getOrDefault(name, name);
      turns.add(new Turn(role, content(message), role.equals(ASSISTANT) && weight(message)));
    }
    return turns;
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
