package io.aicoder.generate;

import java.util.NoSuchElementException;

/** A stream whose generation is over before it is read. */
final class FinishedTextStream implements TextStream {

  private final GenerationResult result;
  private boolean taken;

  FinishedTextStream(GenerationResult result) {
    this.result = result;
    taken = result.text().isEmpty();
  }

  @Override
  public boolean hasNext() {
    return !taken;
  }

  @Override
  public String next() {
    if (taken) {
      throw new NoSuchElementException("the stream has ended");
    }
    taken = true;
    return result.text();
  }

  @Override
  public GenerationResult result() {
    taken = true;
    return result;
  }

  @Override
  public void cancel() {
    // Nothing runs any more.
  }

  @Override
  public void close() {
    taken = true;
  }
}
