package io.aicoder.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files become examples: all of them, or with the count of those that do not. */
class TrainingDataTest {

  private static final String ONE = "{\"instruction\": \"Sort.\", \"output\": \"x.sort()\"}";
  private static final String NO_ANSWER = "{\"instruction\": \"Sort.\", \"output\": \" \"}";
  private static final String NO_ASSISTANT =
      "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}";

  private final Path folder;

  TrainingDataTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** {@code record_data.py} made the digest with transformers. */
  @Test
  void theEmbeddedTrainingFileBecomesTheTokensOfTransformers() throws GeneralSecurityException {
    JsonNode expected = Nano.recording().path("train");
    List<Double> fractions = new ArrayList<>();
    TrainingData data =
        Nano.data(Nano.TRAIN).optProgress((records, fraction) -> fractions.add(fraction)).build();
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (TrainingExample example : data.training()) {
      ByteBuffer bytes = ByteBuffer.allocate(4 * (2 * example.length() + 1));
      bytes.putInt(example.length());
      IntStream.range(0, example.length())
          .forEach(i -> bytes.putInt(example.id(i)).putInt(example.label(i)));
      digest.update(bytes.flip());
    }
    DataSummary summary = data.summary(4, 2);
    assertThat(summary.examples()).isEqualTo(expected.path("records").intValue());
    assertThat(summary.tokens()).isEqualTo(expected.path("tokens").longValue());
    assertThat(summary.lossTokens()).isEqualTo(expected.path("loss_tokens").longValue());
    assertThat(HexFormat.of().formatHex(digest.digest()))
        .isEqualTo(expected.path("sha256").asText());
    assertThat(summary.counts().formats()).isEqualTo(Map.of(RecordFormat.AICODEREVAL, 2500));
    assertThat(summary.steps()).isEqualTo(313);
    assertThat(fractions).hasSize(2500).isSorted().last().isEqualTo(1.0);
  }

  @Test
  void packingFillsRows() {
    TrainingData data =
        Nano.data(Nano.TRAIN).optSequenceLength(1024).optPacking(true).optSeed(3).build();
    DataSummary summary = data.summary(1, 1);
    assertThat(summary.fill()).isGreaterThan(0.97);
    assertThat(summary.rows()).isBetween(477, 490);
    assertThat(data.batches(4).from(Position.START).next().sources().size()).isGreaterThan(8);
  }

  @Test
  void formatsMixWithinAFileAndOverFiles() throws IOException {
    Path mixed =
        Nano.write(
            folder.resolve("mixed.jsonl"),
            "\uFEFF" + ONE,
            "",
            "{\"text\": \"import torch\"}",
            "{\"prompt\": \"a\", \"completion\": \" b\"}",
            NO_ASSISTANT,
            NO_ANSWER);
    Path array = folder.resolve("array.json.gz");
    try (OutputStream gzip = new GZIPOutputStream(Files.newOutputStream(array))) {
      gzip.write(
          ("[\n" + ONE + ",\n {\n\"text\":\n\"x = NaN\"}]").getBytes(StandardCharsets.UTF_8));
    }
    // What a file is, its first bytes tell.
    Path renamed = Files.move(array, folder.resolve("array.jsonl"));
    TrainingData data = Nano.data(mixed).addFile(renamed).build();
    assertThat(data.training())
        .extracting(example -> example.source().toString())
        .containsExactly(
            mixed + ": line 1",
            mixed + ": line 3",
            mixed + ": line 4",
            renamed + ": line 2",
            renamed + ": line 3");
    DataCounts counts = data.summary(1, 1).counts();
    assertThat(counts.records()).isEqualTo(7);
    assertThat(counts.withoutLoss()).isEqualTo(2);
    assertThat(counts.formats())
        .isEqualTo(
            Map.of(
                RecordFormat.INSTRUCTION,
                3,
                RecordFormat.TEXT,
                2,
                RecordFormat.PROMPT_COMPLETION,
                1,
                RecordFormat.MESSAGES,
                1));
  }

  @Test
  void whatIsTooLongIsTruncatedOrDropped() throws IOException {
    String longAnswer = "a b c d e f g h i j k l m n o p q r s t u v w x y z";
    Path file =
        Nano.write(
            folder.resolve("long.jsonl"),
            ONE,
            "{\"instruction\": \"Sort.\", \"output\": \"" + longAnswer + "\"}",
            "{\"instruction\": \"" + longAnswer + "\", \"output\": \"x\"}");
    TrainingData truncated = Nano.data(file).optSequenceLength(24).build();
    assertThat(truncated.training()).extracting(TrainingExample::length).containsExactly(21, 24);
    assertThat(truncated.training().get(1).label(23)).isNotEqualTo(TrainingExample.IGNORED);
    DataCounts counts = truncated.summary(1, 1).counts();
    assertThat(counts.truncated()).isEqualTo(1);
    assertThat(counts.dropped()).isEqualTo(1);

    TrainingData dropped = Nano.data(file).optSequenceLength(24).optTooLong(TooLong.DROP).build();
    assertThat(dropped.training()).extracting(TrainingExample::length).containsExactly(21);
    assertThat(dropped.summary(1, 1).counts().truncated()).isZero();
    assertThat(dropped.summary(1, 1).counts().dropped()).isEqualTo(2);
    assertThat(dropped.summary(1, 1).counts().longest())
        .isEqualTo("43 tokens, " + file + ": line 2");
  }

  @Test
  void aShareOfTheRecordsIsForValidation() throws IOException {
    Path file = numbered("all.jsonl", 40);
    TrainingData data = Nano.data(file).optValidationFraction(0.2).optSeed(5).build();
    assertThat(data.training()).hasSize(32);
    assertThat(data.validation()).hasSize(8);
    List<Integer> training = lines(data.training());
    List<Integer> validation = lines(data.validation());
    assertThat(training).isSorted().doesNotContainAnyElementsOf(validation);
    assertThat(validation).isSorted();
    assertThat(lines(Nano.data(file).optValidationFraction(0.2).optSeed(5).build().validation()))
        .isEqualTo(validation);
    assertThat(lines(Nano.data(file).optValidationFraction(0.2).optSeed(6).build().validation()))
        .isNotEqualTo(validation);
    assertThat(data.validationBatches(3).from(Position.START).next().sources())
        .extracting(RecordSource::line)
        .isEqualTo(validation.subList(0, 3));
    assertThat(data.validationBatches(3).size(0)).isEqualTo(3);
  }

  @Test
  void aFileIsForValidation() throws IOException {
    Path file = numbered("train.jsonl", 4);
    Path held = numbered("held.jsonl", 3);
    TrainingData data = Nano.data(file).optValidationFile(held).build();
    assertThat(data.training()).hasSize(4).allMatch(it -> it.source().file().equals(file));
    assertThat(data.validation()).hasSize(3).allMatch(it -> it.source().file().equals(held));
    assertThat(data.summary(2, 1).counts().records()).isEqualTo(7);
    assertThat(data.summary(2, 1).validationExamples()).isEqualTo(3);
  }

  @Test
  void theFingerprintTellsWhetherTheBatchesAreTheSame() throws IOException {
    Path file = numbered("train.jsonl", 4);
    Path other = numbered("other.jsonl", 5);
    String first = Nano.data(file).build().fingerprint();
    assertThat(Nano.data(file).build().fingerprint()).isEqualTo(first).hasSize(64);
    assertThat(
            List.of(
                Nano.data(other).build().fingerprint(),
                Nano.data(file).optSeed(1).build().fingerprint(),
                Nano.data(file).optPacking(true).build().fingerprint(),
                Nano.data(file).optCompletionOnly(false).build().fingerprint(),
                Nano.data(file).optValidationFile(other).build().fingerprint()))
        .doesNotContain(first)
        .doesNotHaveDuplicates();
  }

  @Test
  void filesWithoutAnythingToLearnAreRefused() throws IOException {
    Path empty = Nano.write(folder.resolve("empty.jsonl"), "", " ");
    refuses(Nano.data(empty), empty + ": holds no record; write one JSON object a line");
    Path masked = Nano.write(folder.resolve("masked.jsonl"), NO_ANSWER, NO_ASSISTANT, ONE);
    refuses(
        Nano.data(masked).optSequenceLength(8),
        "["
            + masked
            + "]: none of 3 records has a token to learn: 2 have no answer, 1 are too long for 8"
            + " tokens; check the answers, or raise the sequence length");
    Path single = Nano.write(folder.resolve("single.jsonl"), ONE);
    refuses(
        Nano.data(single).optValidationFraction(0.5),
        "["
            + single
            + "]: 1 records can be learned from, a validation fraction of 0.5 leaves none to train"
            + " on; lower it or give more records");
  }

  @Test
  void moreTokensThanTheModelsContextAreRefused() throws IOException {
    Path file = Nano.write(folder.resolve("one.jsonl"), ONE);
    assertThatThrownBy(() -> Nano.data(file).optSequenceLength(2049).build())
        .isInstanceOf(AiCoderException.class)
        .hasMessage(
            "sequence length is 2049, the model's context (max_position_embeddings) is 2048: choose"
                + " at most that")
        .extracting(e -> ((AiCoderException) e).category())
        .isEqualTo(ErrorCategory.REQUEST);
    assertThat(Nano.data(file).build().summary(1, 1).sequenceLength()).isEqualTo(2048);
  }

  @Test
  void optionsThatMakeNoSenseAreRefused() throws IOException {
    Path file = Nano.write(folder.resolve("one.jsonl"), ONE);
    TrainingData.Builder builder = TrainingData.builder().addFile(file);
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("setCheckpoint and addFile must be called");
    refusesOptions(
        Nano.data(file).optPacking(true).optGroupByLength(true)::build,
        "optPacking (--packing) and optGroupByLength (--group-by-length) exclude each other: packed"
            + " rows are of one length anyway; choose one");
    refusesOptions(
        Nano.data(file).optValidationFile(file).optValidationFraction(0.1)::build,
        "optValidationFile (--validation) and optValidationFraction (--validation-share) exclude"
            + " each other: choose one");
    refusesOptions(
        () -> builder.optSequenceLength(1),
        "sequence length (optSequenceLength, --sequence-length) is 1: it must be 2 or more");
    refusesOptions(
        () -> builder.optValidationFraction(1),
        "validation fraction (optValidationFraction, --validation-share) is 1.0: it must be at"
            + " least 0 and below 1");
    TrainingData data = Nano.data(file).build();
    assertThatThrownBy(() -> data.batches(0)).hasMessage("batch size is 0: it must be 1 or more");
    assertThatThrownBy(() -> data.batches(1).steps(1, 0))
        .hasMessage("accumulation is 0: it must be 1 or more");
  }

  @Test
  void theSummaryIsATable() throws IOException {
    Path file =
        Nano.write(
            folder.resolve("mixed.jsonl"),
            ONE,
            NO_ANSWER,
            "{\"text\": \"" + "a b ".repeat(30) + "\"}",
            ONE,
            ONE);
    TrainingData data =
        Nano.data(file).optSequenceLength(40).optPacking(true).optValidationFraction(0.25).build();
    assertThat(data.summary(2, 1).table())
        .startsWith(
            """
             training data            | number |
            --------------------------+--------+--------------------------------------
             records read             |      5 | instruction 4, text 1
             without answer, left out |      1 |
             too long, left out       |      0 |
             too long, truncated      |      1 |
             for validation           |      1 | 21 tokens
             trained on               |      3 | 82 tokens
             tokens with loss         |     49 | 59.8 %
             packed rows an epoch     |      3 | of at most 40 tokens, 100.0 % filled
             steps an epoch           |      2 | 2 rows a batch, 1 batches a step

             tokens   | records |
            """)
        .endsWith(
            """
             up to 32 |       4 | ########################################
             up to 64 |       1 | ##########
             longest  |         | 63 tokens, %s: line 3
            """
                .formatted(file));
  }

  private Path numbered(String name, int records) throws IOException {
    return Nano.write(
        folder.resolve(name),
        IntStream.range(0, records)
            .mapToObj(i -> "{\"instruction\": \"Give " + i + ".\", \"output\": \"" + i + "\"}")
            .toArray(String[]::new));
  }

  private static List<Integer> lines(List<TrainingExample> examples) {
    return examples.stream().map(example -> example.source().line()).collect(Collectors.toList());
  }

  private static void refusesOptions(ThrowingCallable action, String message) {
    assertThatThrownBy(action)
        .isInstanceOfSatisfying(
            AiCoderException.class, e -> assertThat(e.category()).isEqualTo(ErrorCategory.REQUEST))
        .hasMessage(message);
  }

  private static void refuses(TrainingData.Builder builder, String message) {
    assertThatThrownBy(builder::build)
        .isInstanceOf(AiCoderException.class)
        .hasMessage(message)
        .extracting(e -> ((AiCoderException) e).category())
        .isEqualTo(ErrorCategory.INPUT);
  }
}
