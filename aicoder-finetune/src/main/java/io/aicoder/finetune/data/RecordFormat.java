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
    throw record
        .source()
        .refuse(
            "has none of the fields that tell a format: messages, instruct, instruction, prompt,"
                + " text",
            "name its fields as docs/finetune.md does",
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
