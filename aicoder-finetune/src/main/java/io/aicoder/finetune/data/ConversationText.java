package io.aicoder.finetune.data;

import io.aicoder.error.AiCoderException;
import io.aicoder.finetune.data.RecordTokenizer.Segment;
import io.aicoder.finetune.data.TrainingRecord.Turn;
import io.aicoder.generate.ChatMessage;
import io.aicoder.text.ChatTemplate;
import java.util.ArrayList;
import java.util.List;

/**
 * Renders conversations and finds the answers in the text.
 *
 * <p>A conversation is rendered up to each answer, as the model is asked for it, and up to the
 * answer's end. What stands between the two is what the model has to write.
 */
final class ConversationText {

  private final ChatTemplate template;
  private final boolean lastAnswerOnly;

  ConversationText(ChatTemplate template, boolean lastAnswerOnly) {
    this.template = template;
    this.lastAnswerOnly = lastAnswerOnly;
  }

  /**
   * Renders a conversation.
   *
   * @return its text in parts, answers apart from what is between them
   * @throws AiCoderException (INPUT) naming the record when the text up to an answer is not how the
   *     whole text begins; (REQUEST) when the template refuses it
   */
  List<Segment> segments(List<Turn> turns, RecordSource source) {
    List<ChatMessage> messages = new ArrayList<>();
    turns.forEach(turn -> messages.add(new ChatMessage(turn.role(), turn.content())));
    String whole = template.render(messages, false);
    List<Segment> segments = new ArrayList<>();
    int done = 0;
    for (int answer : answers(turns)) {
      if (answer == 0) {
        throw source.refuse(
            "begins with an answer", "begin the conversation with what is answered", null);
      }
      String asked = template.render(messages.subList(0, answer), true);
      boolean last = answer == messages.size() - 1;
      String answered = last ? whole : template.render(messages.subList(0, answer + 1), false);
      if (!whole.startsWith(answered) || !answered.startsWith(asked) || asked.length() < done) {
        throw notStable(answer, source);
      }
      segments.add(new Segment(whole.substring(done, asked.length()), false));
      segments.add(new Segment(whole.substring(asked.length(), answered.length()), true));
      done = answered.length();
    }
    if (done < whole.length()) {
      segments.add(new Segment(whole.substring(done), false));
    }
    return segments;
  }

  private AiCoderException notStable(int answer, RecordSource source) {
    return source.refuse(
        "message "
            + (answer + 1)
            + " is rendered otherwise by the checkpoint's chat template when it is the last one, so"
            + " that its tokens cannot be told",
        lastAnswerOnly
            ? "leave the record out, or give it as prompt and completion"
            : "train on last answers only (optLastAnswerOnly), or leave the record out",
        null);
  }

  /** Returns the places of the answers on which loss falls; nothing is to be learned of a blank. */
  private List<Integer> answers(List<Turn> turns) {
    List<Integer> answers = new ArrayList<>();
    for (int i = 0; i < turns.size(); i++) {
      if (turns.get(i).learned() && !turns.get(i).content().isBlank()) {
        answers.add(i);
      }
    }
    return lastAnswerOnly && !answers.isEmpty()
        ? answers.subList(answers.size() - 1, answers.size())
        : answers;
  }
}
