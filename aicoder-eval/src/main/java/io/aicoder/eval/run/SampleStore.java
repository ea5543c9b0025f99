package io.aicoder.eval.run;

import io.aicoder.error.AiCoderException;
import io.aicoder.eval.file.JsonLinesFile;
import io.aicoder.eval.metric.Sample;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finished samples on disk, one JSON line each, found again by their key.
 *
 * <p>It is a {@link JsonLinesFile}: crashes lose nothing, and two runs never write into one folder.
 * Safe for use by several threads.
 */
final class SampleStore implements AutoCloseable {

  private static final JsonLinesFile.Kind KIND =
      new JsonLinesFile.Kind("samples", "delete the line, or choose another output folder");

  private final Path file;
  private final Map<String, Sample> byKey = new HashMap<>();
  private final JsonLinesFile lines;

  private SampleStore(Path file) {
    this.file = file;
    lines = JsonLinesFile.open(file, this::take);
  }

  /**
   * Opens a file, made if it is not there.
   *
   * @throws AiCoderException (INPUT) when a line of it is no sample, (ENVIRONMENT) when it cannot
   *     be read or written, or when another run has it open
   */
  static SampleStore open(Path file) {
    return new SampleStore(file);
  }

  private void take(int number, String line) {
    Sample sample = JsonLinesFile.parse(file, number, line, Sample.class, KIND);
    if (!isWhole(sample)) {
      throw JsonLinesFile.refuse(file, number, "lacks fields of a sample", KIND.remedy(), null);
    }
    byKey.put(sample.key(), sample);
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
    lines.add(sample);
    byKey.put(sample.key(), sample);
  }

  /** Closes the file and gives its lock back. */
  @Override
  public void close() {
    lines.close();
  }
}
