package io.aicoder.eval.build;

import io.aicoder.eval.file.JsonLinesFile;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a job need not do twice, even if it was killed in between: results on disk, found again by a
 * hash of all that decides them. Safe for use by several threads.
 */
final class Memory<T> implements AutoCloseable {

  private static final JsonLinesFile.Kind KIND =
      new JsonLinesFile.Kind("a dataset job", "delete the line, or choose another output folder");

  private final Path file;
  private final Class<T> type;
  private final Function<T, String> key;
  private final Map<String, T> known = new HashMap<>();
  private final JsonLinesFile lines;

  /**
   * Opens a memory, new if the file is not there.
   *
   * @param file the file
   * @param type what it remembers: a record
   * @param key the key of a result
   * @throws io.aicoder.error.AiCoderException (INPUT) when a line is no result, (ENVIRONMENT) when
   *     the file cannot be read or written, or when another job has it open
   */
  Memory(Path file, Class<T> type, Function<T, String> key) {
    this.file = file;
    this.type = type;
    this.key = key;
    lines = JsonLinesFile.open(file, this::take);
  }

  private void take(int number, String line) {
    T result = JsonLinesFile.parse(file, number, line, type, KIND);
    known.put(key.apply(result), result);
  }

  /** Returns how many results are remembered. */
  synchronized int size() {
    return known.size();
  }

  /**
   * Returns the remembered result of a key, or makes it and remembers it before it returns.
   *
   * @throws io.aicoder.error.AiCoderException (ENVIRONMENT) when it cannot be written; and what
   *     making it throws
   */
  T findOrMake(String wanted, Supplier<T> maker) {
    synchronized (this) {
      T result = known.get(wanted);
      if (result != null) {
        return result;
      }
    }
    T made = maker.get();
    synchronized (this) {
      lines.add(made);
      known.put(wanted, made);
      return made;
    }
  }

  @Override
  public void close() {
    lines.close();
  }
}
