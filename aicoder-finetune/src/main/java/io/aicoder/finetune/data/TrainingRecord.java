package io.aicoder.finetune.data;

import java.util.List;

/** What a model is to learn from one record, before it is tokenized. */
sealed interface TrainingRecord {

  /**
   * A conversation, for the checkpoint's chat template.
   *
   * @param turns the messages, oldest first, one at least
   */
  record Chat(List<Turn> turns) implements TrainingRecord {
    /** Copies the turns. */
    public Chat {
      turns = List.copyOf(turns);
    }
  }

  /**
   * One message.
   *
   * @param role who speaks
   * @param content the text
   * @param learned whether loss falls on it
   */
  record Turn(String role, String content, boolean learned) {}

  /**
   * A question and its answer: a conversation where the checkpoint has a chat template, else a text
   * and what follows it.
   *
   * @param prompt what the model is shown
   * @param completion what it is to answer
   */
  record Question(String prompt, String completion) implements TrainingRecord {}

  /**
   * A text and what follows it, without template.
   *
   * @param prompt the beginning, on which no loss falls
   * @param completion the rest
   */
  record Completion(String prompt, String completion) implements TrainingRecord {}

  /**
   * A text, all of which is learned.
   *
   * @param text the text
   */
  record Text(String text) implements TrainingRecord {}
}
