package io.aicoder.finetune.data;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.finetune.data.TrainingRecord.Chat;
import io.aicoder.finetune.data.TrainingRecord.Completion;
import io.aicoder.finetune.data.TrainingRecord.Question;
import io.aicoder.finetune.data.TrainingRecord.Text;
import io.aicoder.finetune.data.TrainingRecord.Turn;
import io.aicoder.text.ChatTemplate;
import io.aicoder.text.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Turns records into tokens with a checkpoint's own tokenizer and chat template, and finds the
 * tokens on which loss falls: answers, each up to the token that ends it.
 */
final class RecordTokenizer {

  /**
   * What of a record is learned, and what is added to it.
   *
   * @param completionOnly whether loss falls on answers only, and not on all tokens
   * @param lastAnswerOnly whether of a conversation's answers only the last counts
   * @param endOfText whether a text without template gets the end-of-text token
   */
  record Options(boolean completionOnly, boolean lastAnswerOnly, boolean endOfText) {}

  /**
   * A part of a record's text.
   *
   * @param text the part
   * @param learned whether it is an answer
   */
  record Segment(String text, boolean learned) {}

  private final Tokenizer tokenizer;
  private final @Nullable ConversationText conversations;
  private final Options options;
  private final Set<Integer> endTokens = new LinkedHashSet<>();

  /** Whether a text's tokens are those of its parts. Where each text begins with a blank, not. */
  private final boolean piecewise;

  /**
   * Makes a tokenizer of records.
   *
   * @param template the chat template, or {@code null} when the checkpoint has none
   * @param endTokens the tokens at which the model's generation ends
   */
  RecordTokenizer(
      Tokenizer tokenizer,
      @Nullable ChatTemplate template,
      List<Integer> endTokens,
      Options options) {
    this.tokenizer = tokenizer;
    this.conversations =
        template == null ? null : new ConversationText(template, options.lastAnswerOnly);
    this.options = options;
    Integer endOfText = tokenizer.specialToken("eos_token");
    if (endOfText != null) {
      this.endTokens.add(endOfText);
    }
    this.endTokens.addAll(endTokens);
    this.piecewise =
        Stream.of("\n", "a")
            .flatMap(text -> tokenizer.encode(text, false).stream())
            .toList()
            .equals(tokenizer.encode("\na", false));
  }

  /**
   * Tokenizes a record.
   *
   * @throws AiCoderException (INPUT) naming the record when it cannot be tokenized
   */
  TrainingExample tokenize(TrainingRecord record, RecordSource source) {
    try {
      if (record instanceof Chat chat) {
        return chat(chat.turns(), source);
      }
      if (record instanceof Question question) {
        return conversations == null
            ? plain(question.prompt(), question.completion(), source)
            : chat(
                List.of(
                    new Turn("user", question.prompt(), false),
                    new Turn("assistant", question.completion(), true)),
                source);
      }
      if (record instanceof Completion completion) {
        return plain(completion.prompt(), completion.completion(), source);
      }
      return plain("", ((Text) record).text(), source);
    } catch (AiCoderException e) {
      if (e.category() != ErrorCategory.REQUEST) {
        throw e;
      }
      String problem = "cannot be tokenized (" + e.getMessage() + ")";
      throw source.refuse(problem, "correct the record or leave it out", e);
    }
  }

  private TrainingExample chat(List<Turn> turns, RecordSource source) {
    if (conversations == null) {
      throw source.refuse(
          "is a conversation, and the checkpoint has no chat template",
          "give prompt and completion, or add chat_template.jinja to the checkpoint",
          null);
    }
    Tokens tokens = new Tokens();
    for (EncodedSegment segment : encode(conversations.segments(turns, source), false, source)) {
      tokens.add(segment.ids, segment.learned ? answerEnd(segment.ids) : 0);
    }
    return tokens.example(source);
  }

  /** Templates write a line end behind the token that ends the answer, models do not. */
  private int answerEnd(List<Integer> ids) {
    for (int i = ids.size(); i > 0; i--) {
      if (endTokens.contains(ids.get(i - 1))) {
        return i;
      }
    }
    return ids.size();
  }

  private TrainingExample plain(String prompt, String completion, RecordSource source) {
    boolean learned = !completion.isBlank();
    List<Segment> segments = new ArrayList<>();
    if (!prompt.isEmpty()) {
      segments.add(new Segment(prompt, false));
    }
    segments.add(new Segment(completion, learned));
    Tokens tokens = new Tokens();
    for (EncodedSegment segment : encode(segments, true, source)) {
      tokens.add(segment.ids, segment.learned ? segment.ids.size() : 0);
    }
    if (options.endOfText && learned && !endTokens.isEmpty() && !tokens.endWith(endTokens)) {
      tokens.add(List.of(endTokens.iterator().next()), 1);
    }
    return tokens.example(source);
  }

  private record EncodedSegment(List<Integer> ids, boolean learned) {}

  /**
   * Encodes the parts of a text: each by itself, as a prompt and what a model then writes are; or
   * where that would put blanks between them, all together, cut where the tokens of what comes
   * before end.
   *
   * @param addBegin whether the text gets the begin-of-text token, unless it begins with it
   */
  private List<EncodedSegment> encode(
      List<Segment> segments, boolean addBegin, RecordSource source) {
    List<EncodedSegment> encoded = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    List<Integer> before = List.of();
    List<Integer> whole = piecewise ? List.of() : encodeAll(segments, addBegin);
    for (Segment segment : segments) {
      List<Integer> ids;
      if (piecewise) {
        boolean begin = addBegin && encoded.isEmpty();
        ids = begin ? tokenizer.encodePrompt(segment.text) : tokenizer.encode(segment.text, false);
      } else {
        text.append(segment.text);
        List<Integer> upTo = encodeText(text.toString(), addBegin);
        if (upTo.size() > whole.size() || !whole.subList(0, upTo.size()).equals(upTo)) {
          throw source.refuse(
              "has an answer that begins or ends inside a token",
              "begin the answer with a blank or a line end, or leave the record out",
              null);
        }
        ids = upTo.subList(before.size(), upTo.size());
        before = upTo;
      }
      encoded.add(new EncodedSegment(ids, segment.learned));
    }
    return encoded;
  }

  private List<Integer> encodeAll(List<Segment> segments, boolean addBegin) {
    StringBuilder text = new StringBuilder();
    segments.forEach(segment -> text.append(segment.text));
    return encodeText(text.toString(), addBegin);
  }

  private List<Integer> encodeText(String text, boolean addBegin) {
    return addBegin ? tokenizer.encodePrompt(text) : tokenizer.encode(text, false);
  }

  /** The tokens of a record, as they are collected. */
  private final class Tokens {

    private final List<Integer> ids = new ArrayList<>();
    private final List<Boolean> learned = new ArrayList<>();

    /** Adds tokens, of which the first ones belong to an answer. */
    void add(List<Integer> more, int answer) {
      for (int i = 0; i < more.size(); i++) {
        ids.add(more.get(i));
        learned.add(i < answer || !options.completionOnly);
      }
    }

    boolean endWith(Set<Integer> tokens) {
      return !ids.isEmpty() && tokens.contains(ids.get(ids.size() - 1));
    }

    TrainingExample example(RecordSource source) {
      return TrainingExample.of(source, ids, learned);
    }
  }
}
