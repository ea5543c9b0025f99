package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.lucene.util.IOUtils;

/**
 * A directory that appears under its name when it is complete: it is filled beside its place, and
 * moved there at the end, when all of it is on the disk. Closed before that, it is gone.
 *
 * <p>Not thread-safe.
 */
public final class NewDirectory implements AutoCloseable {

  private final Path target;
  private final Path path;
  private boolean finished;

  private NewDirectory(Path target, Path path) {
    this.target = target;
    this.path = path;
  }

  /**
   * Creates the directory beside its place.
   *
   * @param target does not exist or is an empty directory
   * @param bytes what will be written into it
   * @throws AiCoderException when something is there, or the disk has no room
   * @throws IOException when it cannot be made
   */
  public static NewDirectory create(Path target, long bytes) throws IOException {
    Path place = target.toAbsolutePath().normalize();
    Path parent = place.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw problem(target, "cannot be made: the directory around it does not exist");
    }
    if (Files.exists(place) && !isEmptyDirectory(place)) {
      throw problem(target, "exists and is not empty: nothing is overwritten, name another");
    }
    long room = Files.getFileStore(parent).getUsableSpace();
    if (room < bytes) {
      throw problem(target, "needs " + bytes + " bytes, the disk has " + room + " free: make room");
    }
    // Not createTempDirectory: its result would be its owner's alone.
    Path path = parent.resolve("." + place.getFileName() + "." + UUID.randomUUID());
    return new NewDirectory(place, Files.createDirectory(path));
  }

  private static boolean isEmptyDirectory(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.findAny().isEmpty();
    }
  }

  private static AiCoderException problem(Path target, String problem) {
    return new AiCoderException(ErrorCategory.ENVIRONMENT, target + ": " + problem);
  }

  /** Returns where to write. */
  public Path path() {
    return path;
  }

  /**
   * Moves it to its place.
   *
   * @throws IOException when the disk is full or fails, or something came into its place
   */
  public void finish() throws IOException {
    // What lies inside first.
    try (Stream<Path> all = Files.walk(path)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        IOUtils.fsync(file, Files.isDirectory(file));
      }
    }
    // Only an empty directory goes away here; whatever came into it meanwhile makes this fail.
    Files.deleteIfExists(target);
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
    finished = true;
    Path parent = target.getParent();
    if (parent != null) {
      IOUtils.fsync(parent, true);
    }
  }

  @Override
  public void close() throws IOException {
    if (finished) {
      return;
    }
    IOUtils.rm(path);
  }
}
