package io.aicoder.finetune.data;

import io.aicoder.error.AiCoderException;
import io.aicoder.finetune.data.TrainingRecord.Chat;
import io.aicoder.finetune.data.TrainingRecord.Completion;
import io.aicoder.finetune.data.TrainingRecord.Question;
import io.aicoder.finetune.data.TrainingRecord.Text;
import io.aicoder.finetune.data.TrainingRecord.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The shapes of records that can be trained on; {@code docs/finetune.md} shows one of each. */
public enum RecordFormat {

  /** A conversation: {@code messages} or, as ShareGPT has them, {@code conversations}. */
  MESSAGES(ChatRecord::read),

  /** AICoderEval v4 and v5: {@code instruct} and {@code answer}, or what they derive from. */
  AICODEREVAL(AiCoderEvalRecord::read),

  /** {@code instruction}, {@code input} and {@code output}, as Alpaca has them. */
  INSTRUCTION(RecordFormat::instruction),

  /** {@code prompt} and {@code completion}: two texts, or two lists of messages. */
  PROMPT_COMPLETION(RecordFormat::promptCompletion),

  /** A plain {@code text}. */
  TEXT(record -> new Text(record.text("text")));

  private static final String KNOWN =
      "name them as one of the formats does: messages or conversations (chat); instruct and answer"
          + " (AICoderEval); instruction, input and output; prompt and completion; text. See"
          + " docs/finetune.md";

  /** How many fields of an unknown record a message names. */
  private static final int MOST_NAMED = 12;

  private final Function<JsonRecord, TrainingRecord> reader;

  RecordFormat(Function<JsonRecord, TrainingRecord> reader) {
    this.reader = reader;
  }

  /**
   * Tells the format of a record by the names of its fields.
   *
   * @throws AiCoderException (INPUT) when it is of none
   */
  static RecordFormat detect(JsonRecord record) {
    if (record.hasAny("chosen") && record.hasAny("rejected")) {
      throw record
          .source()
          .refuse(
              "looks like a pair of preferences (DPO: chosen, rejected), which are not trained on",
              "give prompt and the chosen answer as prompt and completion, or as messages",
              null);
    }
    if (record.hasAny("messages", "conversations")) {
      return MESSAGES;
    }
    if (record.hasAny("instruct", "function_code", "content")) {
      return AICODEREVAL;
    }
    if (record.hasAny("instruction", "output")) {
      return INSTRUCTION;
    }
    if (record.hasAny("prompt", "completion")) {
      return PROMPT_COMPLETION;
    }
    if (record.hasAny("text")) {
      return TEXT;
    }
    throw unknown(record);
  }

  private static AiCoderException unknown(JsonRecord record) {
    List<String> names = new ArrayList<>();
    record.node().fieldNames().forEachRemaining(names::add);
    return record
        .source()
        .refuse(
            names.isEmpty()
                ? "is an empty object"
                : "has the fields "
                    + names.stream().limit(MOST_NAMED).collect(Collectors.joining(", "))
                    + (names.size() > MOST_NAMED ? ", …" : "")
                    + ", which tell no format",
            KNOWN,
            null);
  }

  /**
   * Reads a record of this format.
   *
   * @throws AiCoderException (INPUT) when a field is absent or cannot be used
   */
  TrainingRecord read(JsonRecord record) {
    return reader.apply(record);
  }

  private static TrainingRecord instruction(JsonRecord record) {
    String instruction = record.text("instruction");
    String input = record.textOrEmpty("input");
    String prompt = input.isBlank() ? instruction : instruction + "\n\n" + input;
    String output = record.text("output");
    String system = record.textOrEmpty("system");
    if (record.isList("history") && !record.node().path("history").isEmpty()) {
      throw record.refuse("history", "is not supported", "write the record as messages");
    }
    return system.isBlank()
        ? new Question(prompt, output)
        : new Chat(
            List.of(
                new Turn("system", system, false),
                new Turn("user", prompt, false),
                new Turn("assistant", output, true)));
  }

  private static TrainingRecord promptCompletion(JsonRecord record) {
    if (!record.isList("prompt") && !record.isList("completion")) {
      return new Completion(record.text("prompt"), record.text("completion"));
    }
    List<Turn> turns = new ArrayList<>();
    for (Turn turn : ChatRecord.turns(record, "prompt")) {
      turns.add(new Turn(turn.role(), turn.content(), false));
    }
    turns.addAll(ChatRecord.turns(record, "completion"));
    return new Chat(turns);
  }
}
