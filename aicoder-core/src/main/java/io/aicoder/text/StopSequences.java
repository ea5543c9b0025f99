package io.aicoder.text;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Watches a stream of text for stop sequences and holds back what might be the beginning of one.
 *
 * <p>The sequence that is complete first ends the text, of several the longest, so that the result
 * does not depend on how the text comes in pieces.
 *
 * <p>Not thread-safe.
 */
public final class StopSequences {

  private final List<String> sequences;
  private final StringBuilder held = new StringBuilder();
  private @Nullable String found;

  /** Creates a watch for sequences, none of them empty. */
  public StopSequences(List<String> sequences) {
    this.sequences = List.copyOf(sequences);
  }

  /**
   * Takes the next piece of text and returns what can be released: no stop sequence begins in it.
   */
  public String add(String piece) {
    if (found != null) {
      return "";
    }
    held.append(piece);
    int begin = -1;
    int end = Integer.MAX_VALUE;
    for (String sequence : sequences) {
      int at = held.indexOf(sequence);
      int behind = at + sequence.length();
      if (at >= 0 && (behind < end || (behind == end && at < begin))) {
        begin = at;
        end = behind;
        found = sequence;
      }
    }
    return release(found != null ? begin : held.length() - longestBeginning());
  }

  /** Returns what is still held when no more text comes; empty when a sequence was found. */
  public String finish() {
    return found == null ? release(held.length()) : "";
  }

  /** Returns the sequence that ended the text, or {@code null}. */
  public @Nullable String found() {
    return found;
  }

  private String release(int count) {
    String released = held.substring(0, count);
    held.delete(0, count);
    return released;
  }

  /** The length of the longest end of the held text with which a sequence begins. */
  private int longestBeginning() {
    int longest = 0;
    for (String sequence : sequences) {
      for (int length = Math.min(sequence.length() - 1, held.length());
          length > longest;
          length--) {
        if (sequence.startsWith(held.substring(held.length() - length))) {
          longest = length;
        }
      }
    }
    return longest;
  }
}
