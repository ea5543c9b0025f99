package io.aicoder.eval.sandbox;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One program's temporary folder in {@link ProcessSandbox}, and the processes that carry its name.
 *
 * @param path the folder
 */
record PrivateFolder(Path path) implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PrivateFolder.class);

  /** How often processes are looked for that were forked while others were killed. */
  private static final int ROUNDS = 100;

  /** Unlike Java's own means, these two handle folders of any depth; neither follows links. */
  private static final String REMOVE = "chmod -R u+rwX \"$0\" 2>&1; exec rm -rf \"$0\" 2>&1";

  static PrivateFolder create() {
    try {
      return new PrivateFolder(Files.createTempDirectory("aicoder-program-"));
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT, "no temporary folder can be made: " + e.getMessage(), e);
    }
  }

  /** Kills what may still run in it, which only a program that killed its runner leaves. */
  @Override
  public void close() {
    for (int round = 0; round < ROUNDS && killLeftovers(); round++) {
      Thread.yield();
    }
    try {
      Process remove =
          new ProcessBuilder("/bin/sh", "-c", REMOVE, path.toString())
              .redirectOutput(Redirect.DISCARD)
              .start();
      if (remove.waitFor() != 0) {
        LOG.warn("{} could not be removed", path);
      }
    } catch (IOException e) {
      LOG.warn("{} could not be removed: {}", path, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the removal goes on by itself
    }
  }

  /** Returns whether there were any. */
  private boolean killLeftovers() {
    List<ProcessHandle> leftovers =
        ProcessHandle.allProcesses().filter(this::startedWithFolder).toList();
    leftovers.forEach(ProcessHandle::destroyForcibly);
    return !leftovers.isEmpty();
  }

  private boolean startedWithFolder(ProcessHandle process) {
    Path environment = Path.of("/proc", Long.toString(process.pid()), "environ");
    try {
      return Files.readString(environment, StandardCharsets.ISO_8859_1)
          .contains("TMPDIR=" + path + "\0");
    } catch (IOException e) {
      return false; // gone, or another user's
    }
  }
}
