package io.aicoder.finetune.state;

import io.aicoder.checkpoint.NewDirectory;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a training: directories {@code checkpoint-<step>} in its output folder.
 *
 * <p>A checkpoint appears under its name when all of it is on the disk, so that a killed process or
 * a full disk leaves the earlier ones as they were. Each holds a manifest, {@code checkpoint.json},
 * with the length and SHA-256 of every file, against which it is checked when it is read: a damaged
 * one is passed over. What the files are is the caller's business.
 *
 * {@snippet :
 * try (CheckpointFolder checkpoints = CheckpointFolder.open(Path.of("out"), 2)) {
 *   Optional<SavedCheckpoint> from = checkpoints.latest();
 *   checkpoints.write(500, null, bytes, directory -> Files.write(directory.resolve("a"), a));
 * }
 * }
 *
 * <p>The folder is locked while it is open: two processes never write into one. Not thread-safe.
 */
public final class CheckpointFolder implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointFolder.class);
  private static final String LOCK = ".lock";
  private static final Pattern NAME = Pattern.compile("checkpoint-(0|[1-9]\\d{0,17})");
  private static final Pattern LEFTOVER = Pattern.compile("\\.checkpoint-\\d+\\.[0-9a-f-]{36}");

  /** More than a manifest takes. */
  private static final long MANIFEST_BYTES = 1L << 16;

  private final Path folder;
  private final int keep;
  private final FileChannel lock;

  private CheckpointFolder(Path folder, int keep, FileChannel lock) {
    this.folder = folder;
    this.keep = keep;
    this.lock = lock;
  }

  /** Writes the files of a checkpoint. */
  @FunctionalInterface
  public interface Content {

    /**
     * Writes files, in folders where wanted.
     *
     * @param directory an empty directory
     * @throws IOException when the disk is full or fails
     */
    void write(Path directory) throws IOException;
  }

  /**
   * Opens a folder, made with those around it if it is not there, and removes what killed writes
   * left in it.
   *
   * @param folder the training's output folder
   * @param keep how many of the newest checkpoints stay, beside the best; at least 1
   * @throws IllegalArgumentException when {@code keep} is below 1
   * @throws AiCoderException (ENVIRONMENT) when the folder cannot be written, or another process
   *     has it open
   */
  public static CheckpointFolder open(Path folder, int keep) {
    if (keep < 1) {
      throw new IllegalArgumentException("keep is " + keep + ": it must be at least 1");
    }
    try {
      Files.createDirectories(folder);
      CheckpointFolder opened = new CheckpointFolder(folder, keep, lock(folder));
      try {
        opened.removeLeftovers();
      } catch (IOException | RuntimeException e) {
        opened.close();
        throw e;
      }
      return opened;
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          folder + ": checkpoints cannot be written here (" + e + "): choose another folder",
          e);
    }
  }

  private static FileChannel lock(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    if (lock == null) {
      channel.close();
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          folder + ": another training writes here; wait for its end or choose another folder");
    }
    return channel;
  }

  private void removeLeftovers() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      for (Path path : all.filter(path -> matches(LEFTOVER, path)).toList()) {
        LOG.info("{}: removed, a checkpoint that was not finished", path);
        IOUtils.rm(path);
      }
    }
  }

  private static boolean matches(Pattern pattern, Path path) {
    return pattern.matcher(String.valueOf(path.getFileName())).matches();
  }

  /** Returns where the checkpoint of a step is, if there is one. */
  public Path pathOf(long step) {
    return folder.resolve("checkpoint-" + step);
  }

  /**
   * Writes a checkpoint, then removes those that are neither among the newest nor the best. One of
   * the same step, left by a run that went on from an earlier one, is replaced.
   *
   * @param step the step that is done
   * @param score how good the model is, higher is better, or {@code null} when nobody measured
   * @param bytes about what the files will take; the disk is asked for the room before
   * @param content writes the files
   * @return where it is
   * @throws AiCoderException (ENVIRONMENT) when the disk is full or fails, and what {@code content}
   *     throws; the earlier checkpoints are as they were then
   */
  public Path write(long step, @Nullable Double score, long bytes, Content content) {
    if (step < 0 || (score != null && !Double.isFinite(score))) {
      throw new IllegalArgumentException("step " + step + " with score " + score);
    }
    Path target = pathOf(step);
    try {
      Path former = setAside(target);
      try (NewDirectory directory = NewDirectory.create(target, bytes + MANIFEST_BYTES)) {
        content.write(directory.path());
        Manifest.of(directory.path(), step, score).write(directory.path());
        directory.finish();
      } finally {
        settle(former, target);
      }
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          target
              + ": the checkpoint cannot be written ("
              + e
              + "): make room or check the folder; earlier checkpoints are intact",
          e);
    }
    rotate(step);
    return target;
  }

  /** Gives a directory a name by which it counts as a leftover; {@code null} if there is none. */
  private @Nullable Path setAside(Path checkpoint) throws IOException {
    if (!Files.exists(checkpoint)) {
      return null;
    }
    Path aside = folder.resolve("." + checkpoint.getFileName() + "." + UUID.randomUUID());
    return Files.move(checkpoint, aside, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Puts a former checkpoint back if nothing took its place, and removes it otherwise. */
  private static void settle(@Nullable Path former, Path target) throws IOException {
    if (former == null) {
      return;
    }
    if (Files.exists(target)) {
      IOUtils.rm(former);
    } else {
      Files.move(former, target, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** What cannot be removed now is removed another time: it takes room, it does no harm. */
  private void rotate(long written) {
    try {
      List<Long> steps = steps().stream().filter(step -> step <= written).toList();
      Long best = bestStep(steps);
      for (long step : steps.subList(Math.min(keep, steps.size()), steps.size())) {
        if (best == null || step != best) {
          Path aside = setAside(pathOf(step));
          if (aside != null) {
            IOUtils.rm(aside);
          }
        }
      }
    } catch (IOException e) {
      LOG.warn("{}: older checkpoints cannot be removed", folder, e);
    }
  }

  /** The manifests alone are read: this happens at each write. */
  private @Nullable Long bestStep(List<Long> steps) throws IOException {
    Long best = null;
    double highest = Double.NEGATIVE_INFINITY;
    for (long step : steps) {
      Double score = score(step);
      // Of equals the earliest: training longer has not helped.
      if (score != null && score >= highest) {
        highest = score;
        best = step;
      }
    }
    return best;
  }

  private @Nullable Double score(long step) throws IOException {
    try {
      return Manifest.read(pathOf(step), step).score();
    } catch (DamagedCheckpointException e) {
      return null;
    }
  }

  /**
   * Returns the newest checkpoint that is whole; damaged ones are passed over with a warning.
   *
   * @throws AiCoderException (ENVIRONMENT) when the disk fails
   */
  public Optional<SavedCheckpoint> latest() {
    try {
      return firstWhole(steps());
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /**
   * Returns the checkpoint with the highest score among those that are whole and have one; of
   * equals the earliest.
   *
   * @throws AiCoderException (ENVIRONMENT) when the disk fails
   */
  public Optional<SavedCheckpoint> best() {
    try {
      List<Long> left = new ArrayList<>(steps());
      for (Long best = bestStep(left); best != null; best = bestStep(left)) {
        Optional<SavedCheckpoint> whole = firstWhole(List.of(best));
        if (whole.isPresent()) {
          return whole;
        }
        left.remove(best);
      }
      return Optional.empty();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private AiCoderException unreadable(IOException e) {
    return new AiCoderException(
        ErrorCategory.ENVIRONMENT,
        folder + ": checkpoints cannot be read (" + e + "): check the disk",
        e);
  }

  private Optional<SavedCheckpoint> firstWhole(List<Long> steps) throws IOException {
    for (long step : steps) {
      Path directory = pathOf(step);
      try {
        Manifest manifest = Manifest.read(directory, step);
        manifest.verify(directory);
        return Optional.of(
            new SavedCheckpoint(
                directory, step, manifest.score(), List.copyOf(manifest.files().keySet())));
      } catch (DamagedCheckpointException e) {
        LOG.warn("{}: {}; it is passed over", directory, e.getMessage());
      }
    }
    return Optional.empty();
  }

  /** Returns the steps of all checkpoints, the newest first. */
  private List<Long> steps() throws IOException {
    List<Long> steps = new ArrayList<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path path : all.filter(Files::isDirectory).toList()) {
        Matcher matcher = NAME.matcher(String.valueOf(path.getFileName()));
        if (matcher.matches()) {
          steps.add(Long.parseLong(matcher.group(1)));
        }
      }
    }
    steps.sort(Comparator.reverseOrder());
    return steps;
  }

  /** Gives the folder's lock back. */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }
}
