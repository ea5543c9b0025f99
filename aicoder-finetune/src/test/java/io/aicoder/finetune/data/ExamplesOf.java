package io.aicoder.finetune.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** Makes examples whose tokens tell whose they are. */
final class ExamplesOf {

  /** Above every length: an id is {@code number * STRIDE + place}. */
  static final int STRIDE = 10_000;

  private ExamplesOf() {}

  /** Returns examples of given lengths, loss falling on every token but the first. */
  static List<TrainingExample> lengths(List<Integer> lengths) {
    List<TrainingExample> examples = new ArrayList<>();
    for (int number = 0; number < lengths.size(); number++) {
      int first = number * STRIDE;
      int length = lengths.get(number);
      examples.add(
          TrainingExample.of(
              new RecordSource(Path.of("data.jsonl"), number + 1),
              IntStream.range(first, first + length).boxed().toList(),
              Collections.nCopies(length, true)));
    }
    return examples;
  }
}
