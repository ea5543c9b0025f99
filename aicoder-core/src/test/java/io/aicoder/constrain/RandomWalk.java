package io.aicoder.constrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Generation by chance: tokens are drawn from the masks alone. */
final class RandomWalk {

  /** The nano model's tokenizer: byte-level BPE. */
  static final Vocabulary NANO = Vocabulary.open(ModelDirectory.NANO, 4096, List.of(4091, 4095));

  private final Vocabulary vocabulary;
  private final Random random;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private ConstraintState state;

  /**
   * How many tokens are drawn by chance alone; then what closes strings and brackets comes first.
   */
  private static final int WANDERING = 1000;

  private int steps;

  RandomWalk(Vocabulary vocabulary, ConstraintState start, long seed) {
    this.vocabulary = vocabulary;
    this.state = start;
    this.random = new Random(seed);
  }

  static Vocabulary sentencePiece(String name) {
    return Vocabulary.open(Recording.path("vocabularies/" + name), 700, List.of(2));
  }

  ConstraintState state() {
    return state;
  }

  /** What a decoder would make of the tokens so far. */
  String text() {
    String text = bytes.toString(StandardCharsets.UTF_8);
    return vocabulary.dropsLeadingSpace() && text.startsWith(" ") ? text.substring(1) : text;
  }

  /** Takes one step; false when the text has ended. */
  boolean step() {
    int token = draw();
    while (!state.allows(token)) {
      assertThat(vocabulary.endOfSequence()).doesNotContain(token);
      token = draw();
    }
    if (vocabulary.endOfSequence().contains(token)) {
      assertThat(state.complete()).isTrue();
      return false;
    }
    take(token);
    return !state.finished();
  }

  void take(int token) {
    state = state.accept(token);
    bytes.writeBytes(vocabulary.bytes(token));
  }

  private int draw() {
    long[] mask = state.mask();
    int count = Arrays.stream(mask).mapToInt(Long::bitCount).sum();
    assertThat(count).as("tokens behind %s", text()).isPositive();
    // A text ends more often than one token in thousands would make it end.
    if (state.complete() && random.nextInt(4) == 0) {
      return vocabulary.endOfSequence().iterator().next();
    }
    int closing = steps++ < WANDERING ? -1 : closing(mask);
    if (closing >= 0) {
      return closing;
    }
    int pick = random.nextInt(count);
    for (int token = 0; ; token++) {
      if ((mask[token >> 6] >> token & 1) != 0 && pick-- == 0) {
        return token;
      }
    }
  }

  /** Returns an allowed token that is a quotation mark or closes a bracket, or -1. */
  private int closing(long[] mask) {
    for (int token = 0; token < vocabulary.size(); token++) {
      byte[] text = vocabulary.bytes(token);
      if ((mask[token >> 6] >> token & 1) != 0
          && text.length == 1
          && (text[0] == '"' || text[0] == '}' || text[0] == ']')) {
        return token;
      }
    }
    return -1;
  }

  /** Walks to the end; the text must be UTF-8 then. */
  String toEnd() {
    for (int steps = 0; steps < 3000; steps++) {
      if (!step()) {
        assertThatCode(
                () ->
                    StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes.toByteArray())))
            .doesNotThrowAnyException();
        return text();
      }
    }
    throw new AssertionError("no end after 3000 tokens: " + text());
  }
}
