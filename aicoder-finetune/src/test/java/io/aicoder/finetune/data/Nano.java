package io.aicoder.finetune.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** The embedded model, and what {@code record_data.py} recorded of records tokenized for it. */
final class Nano {

  static final Path BASE = Path.of("../examples/nano/base");
  static final Path TRAIN = Path.of("../examples/nano/tasks/train.jsonl.gz");

  private Nano() {}

  /** Returns the recording. */
  static JsonNode recording() {
    try (InputStream file = Nano.class.getResourceAsStream("/data/examples.json")) {
      return new ObjectMapper().readTree(Objects.requireNonNull(file));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Writes a data file. */
  static Path write(Path file, String... lines) throws IOException {
    return Files.writeString(file, String.join("\n", lines) + "\n");
  }

  /** Copies a tokenizer and gives it another chat template. */
  static Path tokenizer(Path from, Path to, String template) throws IOException {
    Files.createDirectories(to);
    for (String name : new String[] {"tokenizer.json", "tokenizer_config.json"}) {
      Files.copy(from.resolve(name), to.resolve(name));
    }
    Files.writeString(to.resolve("chat_template.jinja"), template);
    return to;
  }

  static TrainingData.Builder data(Path file) {
    return TrainingData.builder().setCheckpoint(BASE).addFile(file);
  }
}
