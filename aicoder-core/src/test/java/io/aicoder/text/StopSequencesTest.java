package io.aicoder.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.ToIntFunction;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class StopSequencesTest {

  @Test
  void aSequenceMaySpanPieces() {
    StopSequences stop = new StopSequences(List.of("</code>"));
    assertThat(stop.add("x = 1</")).isEqualTo("x = 1");
    assertThat(stop.add("co")).isEmpty();
    assertThat(stop.add("de> and more")).isEmpty();
    assertThat(stop.found()).isEqualTo("</code>");
    assertThat(stop.add("nothing comes any more")).isEmpty();
    assertThat(stop.finish()).isEmpty();
  }

  @Test
  void whatOnlyBeganLikeASequenceIsReleased() {
    StopSequences stop = new StopSequences(List.of("</code>"));
    assertThat(stop.add("a </")).isEqualTo("a ");
    assertThat(stop.add("b>")).isEqualTo("</b>");
    assertThat(stop.add("</co")).isEmpty();
    assertThat(stop.finish()).isEqualTo("</co");
    assertThat(stop.found()).isNull();
  }

  @Test
  void ofOverlappingSequencesTheFirstCompleteOneEndsTheText() {
    StopSequences stop = new StopSequences(List.of("abcd", "bc"));
    assertThat(stop.add("xabcd")).isEqualTo("xa");
    assertThat(stop.found()).isEqualTo("bc");
  }

  @Test
  void ofSequencesCompleteTogetherTheLongestCounts() {
    StopSequences stop = new StopSequences(List.of("\n", "\n\n"));
    assertThat(stop.add("x\n\n")).isEqualTo("x");
    assertThat(stop.found()).isEqualTo("\n");
    stop = new StopSequences(List.of("c", "abc"));
    assertThat(stop.add("xabc")).isEqualTo("x");
    assertThat(stop.found()).isEqualTo("abc");
  }

  @Test
  void aPrefixMayRepeat() {
    StopSequences stop = new StopSequences(List.of("aab"));
    assertThat(stop.add("aaa") + stop.add("ab")).isEqualTo("aa");
    assertThat(stop.found()).isEqualTo("aab");
  }

  /** Whatever the pieces, the text is cut where a search of the whole text would cut it. */
  @Property(tries = 2000)
  void piecesMakeNoDifference(
      @ForAll("texts") List<String> pieces, @ForAll("sequences") List<String> sequences) {
    StopSequences stop = new StopSequences(sequences);
    StringBuilder released = new StringBuilder();
    pieces.forEach(piece -> released.append(stop.add(piece)));
    released.append(stop.finish());

    String text = String.join("", pieces);
    ToIntFunction<String> end = sequence -> text.indexOf(sequence) + sequence.length();
    int cut =
        sequences.stream()
            .filter(text::contains)
            .min(
                java.util.Comparator.comparingInt(end)
                    .thenComparing(sequence -> -sequence.length()))
            .map(text::indexOf)
            .orElse(text.length());
    assertThat(released.toString()).isEqualTo(text.substring(0, cut));
    assertThat(stop.found() == null).isEqualTo(sequences.stream().noneMatch(text::contains));
  }

  /** Nothing is held back that could not become a stop sequence. */
  @Property(tries = 1000)
  void holdsBackNoMoreThanItMust(
      @ForAll("texts") List<String> pieces, @ForAll("sequences") List<String> sequences) {
    StopSequences stop = new StopSequences(sequences);
    String text = "";
    int released = 0;
    for (String piece : pieces) {
      text += piece;
      released += stop.add(piece).length();
      String held = text.substring(released);
      assertThat(
              stop.found() != null
                  || held.isEmpty()
                  || sequences.stream().anyMatch(sequence -> sequence.startsWith(held)))
          .isTrue();
    }
  }

  @Provide
  Arbitrary<List<String>> texts() {
    return Arbitraries.strings().withChars('a', 'b', 'c').ofMaxLength(4).list().ofMaxSize(12);
  }

  @Provide
  Arbitrary<List<String>> sequences() {
    return Arbitraries.strings()
        .withChars('a', 'b', 'c')
        .ofMinLength(1)
        .ofMaxLength(5)
        .list()
        .ofMaxSize(3);
  }
}
