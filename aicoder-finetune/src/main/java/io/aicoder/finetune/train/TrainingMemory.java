package io.aicoder.finetune.train;

import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.llama.DeviceMemory;
import io.aicoder.llama.MemoryEstimate;

/**
 * What a training takes in memory, in bytes, estimated beforehand.
 *
 * @param weights the base's weights
 * @param mappedWeights of these, what is mapped from files and needs no free memory
 * @param trained the trained tensors with gradients, the sums of micro-batches and AdamW's means
 * @param activations what layers keep of a micro-batch for the backward pass
 * @param workspace what one layer, and the logits of a few hundred positions, need meanwhile
 */
public record TrainingMemory(
    long weights, long mappedWeights, long trained, long activations, long workspace) {

  /** Values, gradients of the step and of the micro-batch, and two running means. */
  private static final int COPIES = 5;

  /** The numbers of logits that are computed at a time: see {@code training.py}. */
  private static final long LOGITS = 16L << 20;

  /** The JVM's own, code and libtorch's pools. */
  private static final long FIXED = 300L << 20;

  /**
   * Estimates.
   *
   * @param model what the loaded base takes
   * @param config the base's
   * @param trainedNumbers how many numbers are trained
   * @param tokens the most tokens of a micro-batch
   * @param validationTokens those of a batch whose loss alone is taken; 0: none
   * @param recompute whether layers keep their inputs alone
   * @param dropout whether they keep a byte for each number of a matrix's input as well, which says
   *     whether it is dropped
   * @param activationBytes of one number between layers: 4; on a GPU those of the number format
   */
  public static TrainingMemory of(
      MemoryEstimate model,
      LlamaConfig config,
      long trainedNumbers,
      int tokens,
      int validationTokens,
      boolean recompute,
      boolean dropout,
      int activationBytes) {
    long hidden = config.hiddenSize();
    long query = (long) config.heads() * config.headSize();
    long keyQueryValue = query + 2L * config.keyValueHeads() * config.headSize();
    long inner = config.intermediateSize();
    long kept = keyQueryValue + query + hidden + 2 * inner;
    long perLayer = hidden + (recompute ? 0 : kept);
    long masks = dropout && !recompute ? 2 * hidden + query + inner : 0;
    long activations = tokens * config.layers() * (perLayer * activationBytes + masks);
    // A layer's backward pass: its kept numbers once more, their gradients, attention's copies.
    long layer = kept + 6 * inner + 4 * query + 6 * hidden;
    long logits = Math.max(LOGITS, 16L * config.vocabularySize());
    long workspace =
        FIXED
            + Math.max(tokens, validationTokens) * (layer + 4 * hidden) * activationBytes
            + 2 * logits * Float.BYTES;
    return new TrainingMemory(
        model.weights(),
        model.mappedWeights(),
        COPIES * trainedNumbers * Float.BYTES,
        activations,
        workspace);
  }

  /** Returns what must be free: all but the mapped weights. */
  public long resident() {
    return weights - mappedWeights + trained + activations + workspace;
  }

  /**
   * Checks that a device has room.
   *
   * @param device as libtorch names it
   * @throws AiCoderException (ENVIRONMENT) telling how much is missing and what to change
   */
  void requireRoom(String device) {
    long free = DeviceMemory.of(device).free();
    if (resident() > free) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          ("the training takes %s, %s has %s free: let layers compute again (recompute), take a"
                  + " smaller batch or sequence length, or quantize the base (%s)")
              .formatted(DeviceMemory.text(resident()), device, DeviceMemory.text(free), this));
    }
  }

  /** Returns one line for people. */
  @Override
  public String toString() {
    return "weights %s (%s mapped), trained %s, activations %s, workspace %s"
        .formatted(
            DeviceMemory.text(weights),
            DeviceMemory.text(mappedWeights),
            DeviceMemory.text(trained),
            DeviceMemory.text(activations),
            DeviceMemory.text(workspace));
  }
}
