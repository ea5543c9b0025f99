package io.aicoder.finetune.state;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint whose files are all there, as they were written.
 *
 * @param directory where they lie
 * @param step the step after which it was written
 * @param score how good the model was then, higher is better; {@code null} when nobody had measured
 * @param files their names in the directory, in order, with {@code /} between folders
 */
public record SavedCheckpoint(
    Path directory, long step, @Nullable Double score, List<String> files) {

  /** Copies the list. */
  public SavedCheckpoint {
    files = List.copyOf(files);
  }
}
