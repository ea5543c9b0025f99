package io.aicoder.eval.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.metric.Sample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finished samples on disk, one JSON line each, found again by their key.
 *
 * <p>A line is written whole and forced to the disk before {@link #add} returns. A last line
 * without its line break was torn by a crash: it is dropped, with a warning. The file is locked
 * while it is open, so that two runs never write into one folder. Safe for use by several threads.
 */
final class SampleStore implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(SampleStore.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final FileChannel channel;
  private final Map<String, Sample> byKey = new HashMap<>();

  private SampleStore(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Opens a file, made if it is not there.
   *
   * @throws AiCoderException (INPUT) when a line of it is no sample, (ENVIRONMENT) when it cannot
   *     be read or written, or when another run has it open
   */
  static SampleStore open(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      SampleStore store = new SampleStore(file, channel);
      try {
        store.lock();
        store.read();
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      return store;
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

  private void read() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int start = 0;
    int number = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        number++;
        Sample sample = parse(number, new String(bytes, start, i - start, StandardCharsets.UTF_8));
        byKey.put(sample.key(), sample);
        start = i + 1;
      }
    }
    if (start < bytes.length) {
      dropTornLine(number + 1, bytes, start);
    }
    channel.position(start);
  }

  private void dropTornLine(int number, byte[] bytes, int start) throws IOException {
    // Only what looks like the beginning of a sample is dropped: any other file is left alone.
    if (bytes[start] != '{') {
      throw refuse(number, "is no sample", null);
    }
    LOG.warn("{}: line {} was torn by a crash; its sample will be made again", file, number);
    channel.truncate(start);
    channel.force(true);
  }

  private Sample parse(int number, String line) {
    try {
      Sample sample = JSON.readValue(line, Sample.class);
      if (sample == null || !isWhole(sample)) {
        throw refuse(number, "lacks fields of a sample", null);
      }
      return sample;
    } catch (JsonProcessingException e) {
      throw refuse(number, "is no sample (" + e.getOriginalMessage() + ")", e);
    }
  }

  /** Jackson fills absent fields with null, whatever the records promise. */
  private static boolean isWhole(Sample sample) {
    return Stream.of(sample.key(), sample.taskId(), sample.domain(), sample.library())
            .allMatch(SampleStore::isThere)
        && sample.steps().stream()
            .flatMap(
                s ->
                    Stream.of(
                        s.prompt(), s.answer(), s.code(), s.verdict(), s.stdout(), s.stderr()))
            .allMatch(SampleStore::isThere);
  }

  private static boolean isThere(@Nullable Object value) {
    return value != null;
  }

  private AiCoderException refuse(int number, String problem, @Nullable Exception cause) {
    return new AiCoderException(
        ErrorCategory.INPUT,
        String.format(
            "%s: line %d: %s; delete the line, or choose another output folder",
            file, number, problem),
        cause);
  }

  /** Returns the finished sample of a key, the latest if there are several; or {@code null}. */
  synchronized @Nullable Sample find(String key) {
    return byKey.get(key);
  }

  /**
   * Writes a finished sample and forces it to the disk.
   *
   * @throws AiCoderException (ENVIRONMENT) when it cannot be written
   */
  synchronized void add(Sample sample) {
    try {
      byte[] bytes = (JSON.writeValueAsString(sample) + "\n").getBytes(StandardCharsets.UTF_8);
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(false);
    } catch (IOException e) {
      throw broken(file, e);
    }
    byKey.put(sample.key(), sample);
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
