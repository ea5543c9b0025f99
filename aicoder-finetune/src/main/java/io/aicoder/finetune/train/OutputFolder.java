package io.aicoder.finetune.train;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The folder of one training and of nothing else, so that what it replaces is its own: {@code
 * checkpoints}, what was trained, and what listeners write.
 *
 * @param path where it is
 */
record OutputFolder(Path path) {

  private static final int NAMED = 4;

  Path checkpoints() {
    return path.resolve("checkpoints");
  }

  /** Returns where a model is while it is measured. */
  Path candidate() {
    return path.resolve("candidate");
  }

  /**
   * Checks that a training may write here: a new one into an absent or empty folder; one that goes
   * on also where it, or one that was stopped before its first checkpoint, has written.
   *
   * @throws AiCoderException (REQUEST) when it holds anything else; (ENVIRONMENT) when it cannot be
   *     read
   */
  void requireFree(boolean resume) {
    List<String> held = names();
    boolean training = Files.isDirectory(checkpoints());
    if (held.isEmpty() || (resume && training)) {
      return;
    }
    String remedy =
        training
            ? "holds a training: resume it (optResume, --resume), or choose another folder"
            : "holds %s: a training writes into a folder of its own; choose one that is empty or absent"
                .formatted(held.stream().limit(NAMED).collect(Collectors.joining(", ")));
    throw new AiCoderException(ErrorCategory.REQUEST, path + ": " + remedy);
  }

  private List<String> names() {
    if (!Files.exists(path)) {
      return List.of();
    }
    if (!Files.isDirectory(path)) {
      throw new AiCoderException(
          ErrorCategory.REQUEST, path + ": is a file: choose a folder for what is written");
    }
    try (Stream<Path> all = Files.list(path)) {
      return all.map(each -> String.valueOf(each.getFileName())).sorted().toList();
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          path + ": cannot be read (" + e + "): choose another folder",
          e);
    }
  }
}
