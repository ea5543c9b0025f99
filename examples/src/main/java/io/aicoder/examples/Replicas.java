package io.aicoder.examples;

import io.aicoder.AiCoder;
import io.aicoder.CodeModel;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Several copies of a small model, each with a thread of its own: more tokens a second than one
 * copy with all threads, which wait for each other at every operation. A request goes to the copy
 * with the fewest.
 *
 * <p>Safe for use by several threads; closes the copies.
 */
final class Replicas implements CodeModel {

  private final List<AiCoder> copies = new ArrayList<>();
  private final int[] running;

  /**
   * Loads the copies.
   *
   * @param count how many, at least 1
   * @param loader loads one
   */
  Replicas(int count, Supplier<AiCoder> loader) {
    running = new int[count];
    try {
      for (int i = 0; i < count; i++) {
        copies.add(loader.get());
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Returns one of the copies. */
  AiCoder one() {
    return copies.get(0);
  }

  @Override
  public String name() {
    return one().name();
  }

  @Override
  public String fingerprint(@Nullable String adapter) {
    return one().fingerprint(adapter);
  }

  @Override
  public int countTokens(String text) {
    return one().countTokens(text);
  }

  @Override
  public TextStream stream(GenerationRequest request) {
    int copy = take();
    try {
      return new Counted(copies.get(copy).stream(request), () -> give(copy));
    } catch (RuntimeException e) {
      give(copy);
      throw e;
    }
  }

  @Override
  public List<GenerationResult> generateAll(GenerationRequest request) {
    int copy = take();
    try {
      return copies.get(copy).generateAll(request);
    } finally {
      give(copy);
    }
  }

  private synchronized int take() {
    int fewest = 0;
    for (int i = 1; i < running.length; i++) {
      if (running[i] < running[fewest]) {
        fewest = i;
      }
    }
    running[fewest]++;
    return fewest;
  }

  private synchronized void give(int copy) {
    running[copy]--;
  }

  @Override
  public void close() {
    copies.forEach(AiCoder::close);
  }

  /** A stream that tells when it is closed. */
  private static final class Counted implements TextStream {

    private final TextStream stream;
    private final Runnable whenClosed;
    private final AtomicBoolean closed = new AtomicBoolean();

    Counted(TextStream stream, Runnable whenClosed) {
      this.stream = stream;
      this.whenClosed = whenClosed;
    }

    @Override
    public boolean hasNext() {
      return stream.hasNext();
    }

    @Override
    public String next() {
      return stream.next();
    }

    @Override
    public GenerationResult result() {
      return stream.result();
    }

    @Override
    public void cancel() {
      stream.cancel();
    }

    @Override
    public void close() {
      stream.close();
      if (closed.compareAndSet(false, true)) {
        whenClosed.run();
      }
    }
  }
}
