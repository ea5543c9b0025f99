package io.aicoder.finetune.data;

import static java.util.stream.Collectors.joining;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import io.aicoder.finetune.data.DataCounts.Bucket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a training run will be fed with: the data part of a dry run.
 *
 * @param counts what was found in the files
 * @param examples how many records are trained on
 * @param tokens their tokens
 * @param lossTokens those of them on which loss falls
 * @param validationExamples how many records are for validation
 * @param validationTokens their tokens
 * @param sequenceLength the most tokens of a row
 * @param packing whether rows hold several records
 * @param rows the rows of the first epoch
 * @param fill the share of its batches' tokens that is no padding, from 0 to 1
 * @param batchSize the rows of a batch
 * @param accumulation the batches of a step
 * @param steps the steps of the first epoch
 */
public record DataSummary(
    DataCounts counts,
    int examples,
    long tokens,
    long lossTokens,
    int validationExamples,
    long validationTokens,
    int sequenceLength,
    boolean packing,
    int rows,
    double fill,
    int batchSize,
    int accumulation,
    long steps) {

  private static final int BAR = 40;

  /** Returns the figures as two plain-text tables; ends with a line feed. */
  public String table() {
    return draw(figures(), "training data", "number") + "\n" + draw(lengths(), "tokens", "records");
  }

  private List<List<String>> figures() {
    List<List<String>> rows = new ArrayList<>();
    String formats =
        Arrays.stream(RecordFormat.values())
            .filter(counts.formats()::containsKey)
            .map(format -> format.name().toLowerCase(Locale.ROOT) + " " + count(format))
            .collect(joining(", "));
    rows.add(List.of("records read", number(counts.records()), formats));
    rows.add(List.of("without answer, left out", number(counts.withoutLoss()), ""));
    rows.add(List.of("too long, left out", number(counts.dropped()), ""));
    rows.add(List.of("too long, truncated", number(counts.truncated()), ""));
    rows.add(
        List.of(
            "for validation", number(validationExamples), number(validationTokens) + " tokens"));
    rows.add(List.of("trained on", number(examples), number(tokens) + " tokens"));
    rows.add(
        List.of("tokens with loss", number(lossTokens), percent((double) lossTokens / tokens)));
    rows.add(
        List.of(
            packing ? "packed rows an epoch" : "rows an epoch",
            number(this.rows),
            "of at most %s tokens, %s filled".formatted(number(sequenceLength), percent(fill))));
    rows.add(
        List.of(
            "steps an epoch",
            number(steps),
            "%d rows a batch, %d batches a step".formatted(batchSize, accumulation)));
    return rows;
  }

  private String count(RecordFormat format) {
    return number(counts.formats().getOrDefault(format, 0));
  }

  private List<List<String>> lengths() {
    int most = counts.lengths().stream().mapToInt(Bucket::records).max().orElse(1);
    List<List<String>> rows = new ArrayList<>();
    for (Bucket bucket : counts.lengths()) {
      rows.add(
          List.of(
              "up to " + number(bucket.upTo()),
              number(bucket.records()),
              "#".repeat((int) Math.ceil((double) BAR * bucket.records() / most))));
    }
    rows.add(List.of("longest", "", counts.longest()));
    return rows;
  }

  private static String draw(List<List<String>> rows, String first, String second) {
    String table =
        AsciiTable.builder()
            .border(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS_NO_OUTSIDE_BORDER)
            .lineSeparator("\n")
            .data(
                rows,
                List.of(
                    column(first, HorizontalAlign.LEFT).with(row -> row.get(0)),
                    column(second, HorizontalAlign.RIGHT).with(row -> row.get(1)),
                    column("", HorizontalAlign.LEFT).with(row -> row.get(2))))
            .asString();
    return table.lines().map(line -> line.stripTrailing() + "\n").collect(joining());
  }

  private static Column column(String header, HorizontalAlign align) {
    return new Column().header(header).headerAlign(align).dataAlign(align);
  }

  private static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
