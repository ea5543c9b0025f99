package io.aicoder.finetune.log;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A text file that grows line by line, and is cut where a resumed training goes on: what was
 * written after that point will be written again.
 *
 * <p>Lines reach the system as they are written; a torn last line, left by a crash, is cut as well.
 */
final class LineFile implements AutoCloseable {

  private final Path file;
  private final FileChannel channel;

  private LineFile(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Says which lines stay. */
  @FunctionalInterface
  interface Keep {

    /** Whether a line, and so those before it, tells of what is not done again. */
    boolean test(String line);
  }

  /**
   * Opens a file, made with its folder if it is not there, and cuts it at the first line that does
   * not stay.
   *
   * @throws AiCoderException (ENVIRONMENT) when it cannot be read or written
   */
  static LineFile open(Path file, Keep keep) {
    try {
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      channel.truncate(kept(bytes, keep));
      channel.position(channel.size());
      return new LineFile(file, channel);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static int kept(byte[] bytes, Keep keep) {
    int start = 0;
    for (int at = 0; at < bytes.length; at++) {
      if (bytes[at] == '\n') {
        if (!keep.test(new String(bytes, start, at - start, StandardCharsets.UTF_8))) {
          return start;
        }
        start = at + 1;
      }
    }
    return start;
  }

  boolean isEmpty() {
    try {
      return channel.size() == 0;
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Adds a line. */
  void add(String line) {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  static AiCoderException failed(Path file, IOException e) {
    return new AiCoderException(
        ErrorCategory.ENVIRONMENT,
        file + ": cannot be written (" + e + "): check the folder and the free space",
        e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }
}
