package io.aicoder.llama;

/** Is told how far the loading of a model's weights has come. */
@FunctionalInterface
public interface LoadProgress {

  /**
   * Takes the state after a tensor was placed. Runs on the thread that loads: it should be quick.
   *
   * @param bytes the bytes of weights in their place so far: mapped, or copied to their device
   * @param totalBytes those of the whole model
   */
  void placed(long bytes, long totalBytes);
}
