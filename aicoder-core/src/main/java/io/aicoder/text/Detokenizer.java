package io.aicoder.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Turns a growing list of tokens into pieces of text, each of whole characters.
 *
 * <p>A token can hold part of a character's bytes, and what a token reads can depend on the one
 * before it (leading blanks). So the newest tokens are always read behind those that were released
 * last, and are held back while the text ends in an unfinished character. Not thread-safe.
 */
public final class Detokenizer {

  private static final char UNFINISHED = '\uFFFD';

  private final Tokenizer tokenizer;
  private final List<Integer> ids = new ArrayList<>();

  /** Where the tokens that were released last begin. */
  private int contextStart;

  /** Where the tokens that are not released begin. */
  private int pendingStart;

  /** Creates one for a new text. */
  public Detokenizer(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Adds a token and returns the text that it completes; empty while a character is unfinished. */
  public String add(int id) {
    ids.add(id);
    String text = pendingText();
    if (text.isEmpty() || text.charAt(text.length() - 1) == UNFINISHED) {
      return "";
    }
    contextStart = pendingStart;
    pendingStart = ids.size();
    return text;
  }

  /** Returns what is still held back: an unfinished character, as U+FFFD. */
  public String finish() {
    String text = pendingText();
    contextStart = pendingStart;
    pendingStart = ids.size();
    return text;
  }

  private String pendingText() {
    if (pendingStart == ids.size()) {
      return "";
    }
    String context = tokenizer.decode(ids.subList(contextStart, pendingStart));
    String all = tokenizer.decode(ids.subList(contextStart, ids.size()));
    if (!all.startsWith(context)) {
      // Bytes of single tokens are read together: a wrong one behind them spoils a whole character.
      return tokenizer.decode(ids.subList(pendingStart, ids.size()));
    }
    return all.substring(context.length());
  }
}
