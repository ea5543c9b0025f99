package io.aicoder.finetune.data;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a record stands, for messages about it.
 *
 * @param file the file
 * @param line the line that the record begins in, from 1
 */
public record RecordSource(Path file, int line) {

  /**
   * Makes the exception that refuses this record.
   *
   * @param problem what is wrong with it
   * @param remedy what to do about it
   * @param cause what led to it, or {@code null}
   */
  AiCoderException refuse(String problem, String remedy, @Nullable Throwable cause) {
    return new AiCoderException(
        ErrorCategory.INPUT, "%s: %s; %s".formatted(this, problem, remedy), cause);
  }

  /** Returns the place as messages name it, such as {@code train.jsonl: line 3}. */
  @Override
  public String toString() {
    return file + ": line " + line;
  }
}
