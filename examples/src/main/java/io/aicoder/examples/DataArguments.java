package io.aicoder.examples;

import io.aicoder.finetune.LoraFineTuner;
import io.aicoder.finetune.data.TooLong;
import io.aicoder.finetune.data.TrainingData;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is learned from: the options of {@link TrainingData}. */
final class DataArguments {

  @Option(
      names = "--data",
      paramLabel = "FILE",
      required = true,
      description = "records as JSON lines, gzipped or not; may be repeated")
  private List<Path> files = List.of();

  @Option(
      names = "--validation",
      paramLabel = "FILE",
      description = "records to measure the loss on; may be repeated")
  private List<Path> validation = List.of();

  @Option(
      names = "--validation-share",
      paramLabel = "X",
      defaultValue = "0",
      description = "of the records, in place of a file; 0 when absent")
  private double validationShare;

  @Option(
      names = "--sequence-length",
      paramLabel = "N",
      description = "the most tokens of a row; 2048, or the model's context, when absent")
  private @Nullable Integer sequenceLength;

  @Option(names = "--packing", description = "several records a row, blind to each other")
  private boolean packing;

  @Option(names = "--group-by-length", description = "batches of records of similar length")
  private boolean groupByLength;

  @Option(names = "--all-tokens", description = "loss on prompts, too, not on answers alone")
  private boolean allTokens;

  @Option(names = "--last-answer", description = "of a conversation only the last answer counts")
  private boolean lastAnswer;

  @Option(
      names = "--no-end-of-text",
      description = "plain texts and prompts with completions do not end in eos_token")
  private boolean noEndOfText;

  @Option(
      names = "--too-long",
      paramLabel = "WHAT",
      defaultValue = "truncate",
      description = "truncate or drop records that are too long")
  private TooLong tooLong = TooLong.TRUNCATE;

  void configure(LoraFineTuner.Builder builder) {
    files.forEach(builder::addData);
    builder.optReading(this::reading);
  }

  private TrainingData.Builder reading(TrainingData.Builder data) {
    validation.forEach(data::optValidationFile);
    if (sequenceLength != null) {
      data.optSequenceLength(sequenceLength);
    }
    return data.optProgress(LoadBar.records())
        .optValidationFraction(validationShare)
        .optPacking(packing)
        .optGroupByLength(groupByLength)
        .optCompletionOnly(!allTokens)
        .optLastAnswerOnly(lastAnswer)
        .optEndOfText(!noEndOfText)
        .optTooLong(tooLong);
  }
}
