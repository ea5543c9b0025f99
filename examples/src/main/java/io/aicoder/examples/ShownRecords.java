package io.aicoder.examples;

import io.aicoder.finetune.data.TrainingData;
import io.aicoder.finetune.data.TrainingExample;
import io.aicoder.text.Tokenizer;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Shows records as a training sees them: their tokens as text, and on which of them loss falls. */
final class ShownRecords {

  private static final String BEGIN = "\u27e6";
  private static final String END = "\u27e7";

  private ShownRecords() {}

  /** Prints the first records to train on, what is learned between ⟦ and ⟧. */
  static void print(PrintStream out, Path model, TrainingData data, int count) {
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      for (TrainingExample example :
          data.training().subList(0, Math.min(count, data.training().size()))) {
        out.printf(
            "%s: %d tokens, %d with loss, which stand in %s%s%n%s%n%n",
            example.source(),
            example.length(),
            example.lossTokens(),
            BEGIN,
            END,
            text(tokenizer, example));
      }
    }
  }

  static String text(Tokenizer tokenizer, TrainingExample example) {
    StringBuilder text = new StringBuilder();
    List<Integer> run = new ArrayList<>();
    for (int i = 0; i < example.length(); i++) {
      run.add(example.id(i));
      boolean learned = learned(example, i);
      if (i + 1 == example.length() || learned(example, i + 1) != learned) {
        String part = tokenizer.decode(run, false);
        text.append(learned ? BEGIN + part + END : part);
        run.clear();
      }
    }
    return text.toString();
  }

  private static boolean learned(TrainingExample example, int token) {
    return example.label(token) != TrainingExample.IGNORED;
  }
}
