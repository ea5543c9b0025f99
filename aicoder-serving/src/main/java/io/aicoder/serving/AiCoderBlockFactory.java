package io.aicoder.serving;

import ai.djl.Model;
import ai.djl.nn.Block;
import ai.djl.nn.BlockFactory;
import io.aicoder.AiCoder;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.llama.ComputeType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the checkpoint of a model folder: what {@code blockFactory} in its {@code
 * serving.properties} names.
 *
 * <p>Keys it reads, each a path relative to the folder or a value:
 *
 * <ul>
 *   <li>{@code model_dir}: the Hugging Face directory; the folder itself when absent
 *   <li>{@code adapter}: a PEFT directory, applied to every request that names no other
 *   <li>{@code dtype}: {@code fp32}, {@code bf16} or {@code fp16}; the checkpoint's when absent
 *   <li>{@code threads}: of one operation; one a core when absent
 * </ul>
 */
public final class AiCoderBlockFactory implements BlockFactory {

  private static final long serialVersionUID = 1L;

  private static final Logger LOGGER = LoggerFactory.getLogger(AiCoderBlockFactory.class);

  /**
   * Loads the checkpoint; the model's manager closes it.
   *
   * @param model the DJL model that is being loaded
   * @param modelPath the model folder
   * @param arguments the keys of {@code serving.properties}
   * @throws AiCoderException when a key, the checkpoint or the adapter cannot be used
   */
  @Override
  public Block newBlock(Model model, Path modelPath, Map<String, ?> arguments) {
    Path directory = directory(modelPath, "model_dir", text(arguments, "model_dir"), modelPath);
    String adapter = text(arguments, "adapter");
    AiCoder coder =
        AiCoder.builder(directory)
            .optComputeType(computeType(modelPath, text(arguments, "dtype")))
            .optAdapter(
                adapter == null ? null : directory(modelPath, "adapter", adapter, modelPath))
            .optThreads(threads(modelPath, text(arguments, "threads")))
            .build();
    // DJL closes a model's manager and nothing else: what hangs on it is closed with it.
    model.getNDManager().attachInternal(UUID.randomUUID().toString(), coder);
    LOGGER.info("Loaded {} for {}", directory, modelPath);
    return new AiCoderBlock(coder);
  }

  private static @Nullable String text(Map<String, ?> arguments, String key) {
    Object value = arguments.get(key);
    return value == null || value.toString().isBlank() ? null : value.toString().trim();
  }

  private static Path directory(Path folder, String key, @Nullable String value, Path whenAbsent) {
    Path directory = value == null ? whenAbsent : folder.resolve(value).normalize();
    if (!Files.isDirectory(directory)) {
      throw problem(folder, key, directory + " is not a directory");
    }
    return directory;
  }

  private static @Nullable ComputeType computeType(Path folder, @Nullable String value) {
    if (value == null) {
      return null;
    }
    return Arrays.stream(ComputeType.values())
        .filter(type -> type.name().equals(value.toUpperCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> problem(folder, "dtype", "'" + value + "' must be fp32, bf16 or fp16"));
  }

  private static int threads(Path folder, @Nullable String value) {
    if (value == null) {
      return 0;
    }
    if (!value.matches("[1-9]\\d{0,3}")) {
      throw problem(folder, "threads", "'" + value + "' must be a number of at least 1");
    }
    return Integer.parseInt(value);
  }

  private static AiCoderException problem(Path folder, String key, String problem) {
    return new AiCoderException(
        ErrorCategory.INPUT, folder.resolve("serving.properties") + ": " + key + ": " + problem);
  }
}
