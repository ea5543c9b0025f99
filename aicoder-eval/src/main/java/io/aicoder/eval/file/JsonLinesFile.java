package io.aicoder.eval.file;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of JSON objects that only grows, one line each; absent values are left out.
 *
 * <p>A line is handed to the operating system whole before {@link #append} returns, so that a
 * killed process loses none; {@link #add} also waits until the disk has it. A last line without its
 * line break was torn by a crash: it is dropped, with a warning. The file is locked while it is
 * open, so that two processes never write to it. Safe for use by several threads.
 */
public final class JsonLinesFile implements AutoCloseable {

  /** Takes the lines that are there already. */
  public interface LineReader {

    /**
     * Takes one line.
     *
     * @param number its number, from 1
     * @param text the line without its break
     * @throws AiCoderException when it does not belong into the file
     */
    void line(int number, String text);
  }

  /**
   * What a file holds, for messages.
   *
   * @param name such as {@code a recording}
   * @param remedy what to do about a line that cannot be used, such as {@code make the file again}
   */
  public record Kind(String name, String remedy) {}

  private static final Logger LOG = LoggerFactory.getLogger(JsonLinesFile.class);
  private static final ObjectMapper JSON =
      new ObjectMapper().setDefaultPropertyInclusion(JsonInclude.Include.NON_NULL);

  private final Path file;
  private final FileChannel channel;

  private JsonLinesFile(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Opens a file to add to, made with its folder if it is not there.
   *
   * @param file the file; what stands in it is not looked at
   * @throws AiCoderException (ENVIRONMENT) when it cannot be read or written, or when another
   *     process has it open; (INPUT) when its last line is half of something else
   */
  public static JsonLinesFile open(Path file) {
    return open(file, (number, text) -> {});
  }

  /**
   * Opens a file, made with its folder if it is not there.
   *
   * @param file the file
   * @param reader takes its lines, in order
   * @throws AiCoderException (ENVIRONMENT) when it cannot be read or written, or when another
   *     process has it open; (INPUT) when its last line is half of something else; and what the
   *     reader throws
   */
  public static JsonLinesFile open(Path file, LineReader reader) {
    try {
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      JsonLinesFile lines = new JsonLinesFile(file, channel);
      try {
        lines.lock();
        lines.read(reader);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      return lines;
    } catch (IOException e) {
      throw broken(file, e);
    }
  }

  private static AiCoderException broken(Path file, IOException e) {
    return new AiCoderException(
        ErrorCategory.ENVIRONMENT,
        file + ": cannot be read or written (" + e + "); check the folder and the free space",
        e);
  }

  private void lock() throws IOException {
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          file + ": another run is writing it; wait for its end or choose another folder");
    }
  }

  private void read(LineReader reader) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int start = 0;
    int number = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        number++;
        reader.line(number, text(bytes, start, i));
        start = i + 1;
      }
    }
    if (start < bytes.length) {
      dropTorn(number + 1, bytes, start, reader);
    }
    channel.position(start);
  }

  /** Only what looks like the beginning of an object is dropped: any other file is left alone. */
  private void dropTorn(int number, byte[] bytes, int start, LineReader reader) throws IOException {
    if (bytes[start] != '{') {
      reader.line(number, text(bytes, start, bytes.length));
      throw refuse(file, number, "is no JSON object", "choose another file", null);
    }
    LOG.warn("{}: line {} was torn by a crash; it will be made again", file, number);
    channel.truncate(start);
    channel.force(true);
  }

  private static String text(byte[] bytes, int start, int end) {
    return new String(bytes, start, end - start, StandardCharsets.UTF_8);
  }

  /**
   * Reads the whole lines of a file as objects; half a last one is left out.
   *
   * @param file the file
   * @param type what a line is, known to Jackson
   * @param kind what the file is, for messages
   * @throws AiCoderException (INPUT) when it cannot be read, naming the line if one is at fault
   */
  public static <T> List<T> read(Path file, Class<T> type, Kind kind) {
    List<T> values = new ArrayList<>();
    for (String line : lines(file)) {
      values.add(parse(file, values.size() + 1, line, type, kind));
    }
    return values;
  }

  /**
   * Returns the whole lines of a file; half a last one is left out.
   *
   * @throws AiCoderException (INPUT) when it cannot be read
   */
  public static List<String> lines(Path file) {
    try {
      String text = Files.readString(file);
      return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.INPUT, file + ": cannot be read (" + e + "); check the path", e);
    }
  }

  /**
   * Reads one line.
   *
   * @param file the file, for messages
   * @param number the line's number, from 1
   * @param line the line
   * @param type what it is, known to Jackson
   * @param kind what the file is, for messages
   * @throws AiCoderException (INPUT) naming file and line when it is something else
   */
  public static <T> T parse(Path file, int number, String line, Class<T> type, Kind kind) {
    try {
      T value = JSON.readValue(line, type);
      if (value != null) {
        return value;
      }
    } catch (JsonProcessingException e) {
      String problem = "is no line of " + kind.name() + " (" + e.getOriginalMessage() + ")";
      throw refuse(file, number, problem, kind.remedy(), e);
    }
    throw refuse(file, number, "is no line of " + kind.name(), kind.remedy(), null);
  }

  /** Makes the exception that refuses a line. */
  public static AiCoderException refuse(
      Path file, int number, String problem, String remedy, @Nullable Exception cause) {
    return new AiCoderException(
        ErrorCategory.INPUT,
        String.format("%s: line %d: %s; %s", file, number, problem, remedy),
        cause);
  }

  /**
   * Writes a line and forces it to the disk.
   *
   * @param line what Jackson can write as one object
   * @throws AiCoderException (ENVIRONMENT) when it cannot be written
   */
  public void add(Object line) {
    append(line, true);
  }

  /**
   * Writes a line. When that fails, what was written of it is taken back as far as the disk allows.
   *
   * @param line what Jackson can write as one object
   * @param force whether to wait until the disk has it
   * @throws AiCoderException (ENVIRONMENT) when it cannot be written
   */
  public synchronized void append(Object line, boolean force) {
    try {
      // By way of a String: half a surrogate pair becomes '?' here and an error there.
      byte[] bytes = (JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8);
      write(ByteBuffer.wrap(bytes), force);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a line is always writable as JSON", e);
    } catch (IOException e) {
      throw broken(file, e);
    }
  }

  private void write(ByteBuffer buffer, boolean force) throws IOException {
    long end = channel.position();
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      if (force) {
        channel.force(false);
      }
    } catch (IOException e) {
      takeBack(end, e);
      throw e;
    }
  }

  private void takeBack(long end, IOException failure) {
    try {
      channel.truncate(end);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Closes the file and gives its lock back. */
  @Override
  public synchronized void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw broken(file, e);
    }
  }
}
