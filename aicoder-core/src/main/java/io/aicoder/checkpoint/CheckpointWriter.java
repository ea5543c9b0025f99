package io.aicoder.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Writes a Hugging Face checkpoint of new numbers, with the configuration and tokenizer of another.
 */
public final class CheckpointWriter {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CONFIG = "config.json";

  /** More than what is copied beside the numbers takes. */
  private static final long BESIDE_NUMBERS = 64L << 20;

  private CheckpointWriter() {}

  /**
   * Writes a checkpoint in fp32, in one file.
   *
   * @param base whose configuration and tokenizer it gets
   * @param target does not exist or is an empty directory; appears when all of it is on the disk
   * @param tensors the numbers of all tensors by the base's names
   * @throws AiCoderException (ENVIRONMENT) when the disk is full or fails; (REQUEST) when a tensor
   *     is missing or of another size
   */
  public static void write(Checkpoint base, Path target, Map<String, float[]> tensors) {
    long bytes = 0;
    for (float[] numbers : tensors.values()) {
      bytes += (long) numbers.length * Float.BYTES;
    }
    try (NewDirectory directory = NewDirectory.create(target, bytes + BESIDE_NUMBERS)) {
      writeInto(base, directory.path(), tensors);
      directory.finish();
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT, target + ": cannot be written (" + e.getMessage() + ")", e);
    }
  }

  /**
   * Writes the same into a directory that is there, such as one in the making.
   *
   * @throws IOException when the disk is full or fails
   */
  public static void writeInto(Checkpoint base, Path directory, Map<String, float[]> tensors)
      throws IOException {
    Path file = directory.resolve(Checkpoint.SINGLE);
    List<StoredTensor> entries = new ArrayList<>();
    for (Map.Entry<String, float[]> tensor : new TreeMap<>(tensors).entrySet()) {
      StoredTensor former = base.tensor(tensor.getKey());
      if (former.count() != tensor.getValue().length) {
        throw new AiCoderException(
            ErrorCategory.REQUEST,
            "%s: %d numbers for shape %s"
                .formatted(tensor.getKey(), tensor.getValue().length, former.shape()));
      }
      entries.add(new StoredTensor(tensor.getKey(), file, StoredType.F32, former.shape(), 0));
    }
    try (SafeTensorsWriter writer = new SafeTensorsWriter(file, entries)) {
      for (StoredTensor entry : entries) {
        writer.write(
            TensorValues.encode(StoredType.F32, Objects.requireNonNull(tensors.get(entry.name()))));
      }
      writer.finish();
    }
    copyOthers(base, directory);
    changeConfig(
        directory,
        json -> {
          json.put("dtype", "float32");
          json.put("torch_dtype", "float32");
        });
  }

  /** Copies configuration and tokenizer. */
  static void copyOthers(Checkpoint base, Path directory) throws IOException {
    try (Stream<Path> files = Files.list(base.directory())) {
      for (Path file : files.filter(CheckpointWriter::belongs).toList()) {
        Files.copy(file, directory.resolve(String.valueOf(file.getFileName())));
      }
    }
  }

  static void changeConfig(Path directory, Consumer<ObjectNode> change) throws IOException {
    Path config = directory.resolve(CONFIG);
    ObjectNode json = (ObjectNode) JsonObject.read(config).node();
    change.accept(json);
    Files.write(config, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
  }

  /** Whether a file of the base is neither weights nor about this one copy. */
  private static boolean belongs(Path file) {
    String name = String.valueOf(file.getFileName());
    return Files.isRegularFile(file)
        && (name.matches("(?i).*\\.(json|jinja|txt|model)|(LICENSE|NOTICE|USE_POLICY).*"))
        && !name.endsWith(".index.json")
        && !name.startsWith("adapter_");
  }
}
