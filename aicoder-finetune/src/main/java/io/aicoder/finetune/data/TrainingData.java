package io.aicoder.finetune.data;

import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.text.ChatTemplate;
import io.aicoder.text.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Records to train on, read once, tokenized with a checkpoint's own tokenizer and chat template,
 * and kept as numbers.
 *
 * {@snippet :
 * TrainingData data =
 *     TrainingData.builder()
 *         .setCheckpoint(Path.of("examples/nano/base"))
 *         .addFile(Path.of("examples/nano/tasks/train.jsonl.gz"))
 *         .optSequenceLength(1024)
 *         .optPacking(true)
 *         .optValidationFraction(0.05)
 *         .build();
 * System.out.println(data.summary(4, 1).table());
 * Iterator<Batch> batches = data.batches(4).from(Position.START);
 * }
 *
 * <p>Takes 4 bytes of memory a token and about 80 a record; no text is kept. Immutable; safe for
 * use by several threads.
 */
public final class TrainingData {

  private final List<TrainingExample> training;
  private final List<TrainingExample> validation;
  private final DataCounts counts;
  private final Layout layout;

  private TrainingData(
      List<TrainingExample> training,
      List<TrainingExample> validation,
      DataCounts counts,
      Layout layout) {
    this.training = List.copyOf(training);
    this.validation = List.copyOf(validation);
    this.counts = counts;
    this.layout = layout;
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the records to train on, in the order of the files. */
  public List<TrainingExample> training() {
    return training;
  }

  /** Returns the records for validation, in the order of the files; none unless asked for. */
  public List<TrainingExample> validation() {
    return validation;
  }

  /**
   * Returns the batches to train on.
   *
   * @param batchSize how many rows a batch has
   */
  public Batches batches(int batchSize) {
    return new Batches(training, layout, batchSize);
  }

  /**
   * Returns the batches for validation, not shuffled: every epoch is the same.
   *
   * @param batchSize how many rows a batch has
   */
  public Batches validationBatches(int batchSize) {
    return new Batches(validation, layout.unshuffled(), batchSize);
  }

  /**
   * Returns what a run will be fed with.
   *
   * @param batchSize how many rows a batch has
   * @param accumulation how many batches make a step
   */
  public DataSummary summary(int batchSize, int accumulation) {
    Batches batches = batches(batchSize);
    long tokens = tokens(training);
    return new DataSummary(
        counts,
        training.size(),
        tokens,
        training.stream().mapToLong(TrainingExample::lossTokens).sum(),
        validation.size(),
        tokens(validation),
        layout.sequenceLength(),
        layout.packing(),
        batches.rowCount(0),
        (double) tokens / batches.cells(0),
        batchSize,
        accumulation,
        batches.steps(1, accumulation));
  }

  private static long tokens(List<TrainingExample> examples) {
    return examples.stream().mapToLong(TrainingExample::length).sum();
  }

  /**
   * Returns what identifies the batches of a given size: a SHA-256 of tokens, labels and options,
   * in hexadecimal. A run can go on only where it is the same.
   */
  public String fingerprint() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(layout.toString().getBytes(StandardCharsets.UTF_8));
      for (List<TrainingExample> examples : List.of(training, validation)) {
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(examples.size()).flip());
        for (TrainingExample example : examples) {
          ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (2 * example.length() + 1));
          bytes.putInt(example.length());
          for (int i = 0; i < example.length(); i++) {
            bytes.putInt(example.id(i)).putInt(example.label(i));
          }
          digest.update(bytes.flip());
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Collects files and options. Not thread-safe. */
  public static final class Builder {

    private static final int DEFAULT_LENGTH = 2048;

    /** Apart from the epochs' orders, whose purposes are 0 or more. */
    private static final long SPLIT = -1;

    private final List<Path> files = new ArrayList<>();
    private final List<Path> validationFiles = new ArrayList<>();
    private @Nullable Path checkpoint;
    private double validationFraction;
    private int sequenceLength;
    private boolean completionOnly = true;
    private boolean lastAnswerOnly;
    private boolean endOfText = true;
    private TooLong tooLong = TooLong.TRUNCATE;
    private boolean packing;
    private boolean groupByLength;
    private long seed;
    private DataProgress progress = (records, fraction) -> {};

    private Builder() {}

    /** Sets the directory of the checkpoint that is to learn: its tokenizer and template rule. */
    public Builder setCheckpoint(Path value) {
      checkpoint = value;
      return this;
    }

    /** Adds a file of records, of one format or several, one at least. */
    public Builder addFile(Path value) {
      files.add(value);
      return this;
    }

    /** Adds a file of records for validation. */
    public Builder optValidationFile(Path value) {
      validationFiles.add(value);
      return this;
    }

    /**
     * Takes a share of the records for validation, drawn by the seed; 0, the default, takes none.
     *
     * @throws AiCoderException (REQUEST) when it is not at least 0 and below 1
     */
    public Builder optValidationFraction(double value) {
      if (!(value >= 0 && value < 1)) {
        throw refused(
            "validation fraction (optValidationFraction, --validation-share) is "
                + value
                + ": it must be at least 0 and below 1");
      }
      validationFraction = value;
      return this;
    }

    /**
     * Sets the most tokens of a row; by default 2,048, or what the model's context holds if that is
     * less.
     *
     * @throws AiCoderException (REQUEST) when it is below 2
     */
    public Builder optSequenceLength(int value) {
      if (value < 2) {
        throw refused(
            "sequence length (optSequenceLength, --sequence-length) is "
                + value
                + ": it must be 2 or more");
      }
      sequenceLength = value;
      return this;
    }

    /** Sets whether loss falls on answers only, the default, or on all tokens. */
    public Builder optCompletionOnly(boolean value) {
      completionOnly = value;
      return this;
    }

    /** Sets whether of a conversation only the last answer is learned; by default all are. */
    public Builder optLastAnswerOnly(boolean value) {
      lastAnswerOnly = value;
      return this;
    }

    /** Sets whether texts without template get the end-of-text token, the default. */
    public Builder optEndOfText(boolean value) {
      endOfText = value;
      return this;
    }

    /** Sets what becomes of records above the sequence length; by default they are truncated. */
    public Builder optTooLong(TooLong value) {
      tooLong = value;
      return this;
    }

    /** Sets whether a row holds several records, each by itself; by default it holds one. */
    public Builder optPacking(boolean value) {
      packing = value;
      return this;
    }

    /** Sets whether records of similar length share a batch; by default the shuffle rules. */
    public Builder optGroupByLength(boolean value) {
      groupByLength = value;
      return this;
    }

    /** Sets what determines order and split; 0 by default. */
    public Builder optSeed(long value) {
      seed = value;
      return this;
    }

    /** Sets who is told while files are read. */
    public Builder optProgress(DataProgress value) {
      progress = value;
      return this;
    }

    /**
     * Reads and tokenizes all files.
     *
     * @throws AiCoderException (INPUT) naming file, line, field and remedy when a record cannot be
     *     used, or when nothing can be learned of any; (REQUEST) when the sequence length is above
     *     the model's context, or options exclude each other; (CHECKPOINT) when the checkpoint is
     *     damaged
     * @throws IllegalStateException when something required was not set
     */
    public TrainingData build() {
      Path directory = required();
      Checkpoint opened = Checkpoint.open(directory);
      int length = sequenceLength(opened);
      try (Tokenizer tokenizer = Tokenizer.open(directory)) {
        Integer padding = tokenizer.specialToken("pad_token");
        Layout layout =
            new Layout(length, packing, groupByLength, true, seed, padding == null ? 0 : padding);
        DataPass pass = pass(opened, tokenizer, length);
        List<TrainingExample> training = pass.read(files);
        List<TrainingExample> validation =
            validationFiles.isEmpty() ? split(training) : pass.read(validationFiles);
        return new TrainingData(training, validation, pass.counts(), layout);
      }
    }

    private Path required() {
      if (checkpoint == null || files.isEmpty()) {
        throw new IllegalStateException("setCheckpoint and addFile must be called");
      }
      if (packing && groupByLength) {
        throw refused(
            "optPacking (--packing) and optGroupByLength (--group-by-length) exclude each other:"
                + " packed rows are of one length anyway; choose one");
      }
      if (validationFraction > 0 && !validationFiles.isEmpty()) {
        throw refused(
            "optValidationFile (--validation) and optValidationFraction (--validation-share) exclude"
                + " each other: choose one");
      }
      return checkpoint;
    }

    private static AiCoderException refused(String problem) {
      return new AiCoderException(ErrorCategory.REQUEST, problem);
    }

    private int sequenceLength(Checkpoint opened) {
      int context = opened.config().maxPositions();
      if (sequenceLength > context) {
        throw refused(
            "sequence length is %d, the model's context (max_position_embeddings) is %d: choose at"
                    .formatted(sequenceLength, context)
                + " most that");
      }
      return sequenceLength == 0 ? Math.min(DEFAULT_LENGTH, context) : sequenceLength;
    }

    private DataPass pass(Checkpoint opened, Tokenizer tokenizer, int length) {
      RecordTokenizer records =
          new RecordTokenizer(
              tokenizer,
              ChatTemplate.open(opened.directory()),
              opened.generationDefaults().eosTokenIds(),
              new RecordTokenizer.Options(completionOnly, lastAnswerOnly, endOfText));
      List<Path> all = Stream.concat(files.stream(), validationFiles.stream()).toList();
      return new DataPass(
          records, opened.config().vocabularySize(), length, tooLong, all, progress);
    }

    /** Moves the fraction for validation out of a list, one record at least if it is not 0. */
    private List<TrainingExample> split(List<TrainingExample> training) {
      if (validationFraction == 0) {
        return List.of();
      }
      int size = training.size();
      int count = (int) Math.max(1, Math.round(validationFraction * size));
      if (count >= size) {
        throw new AiCoderException(
            ErrorCategory.INPUT,
            "%s: %d records can be learned from, a validation fraction of %s leaves none to train on;"
                    .formatted(files, size, validationFraction)
                + " lower it or give more records");
      }
      int[] order = Shuffle.permutation(size, seed, SPLIT);
      List<TrainingExample> validation = select(training, Arrays.copyOf(order, count));
      List<TrainingExample> rest = select(training, Arrays.copyOfRange(order, count, size));
      training.clear();
      training.addAll(rest);
      return validation;
    }

    private static List<TrainingExample> select(List<TrainingExample> from, int[] numbers) {
      return Arrays.stream(numbers).sorted().mapToObj(from::get).toList();
    }
  }
}
