package io.aicoder.serving;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.aicoder.AiCoder;
import org.jspecify.annotations.Nullable;

/**
 * Carries the loaded model through DJL; passes arrays on, as generation happens in the translator.
 */
final class AiCoderBlock extends AbstractBlock {

  private final AiCoder coder;

  AiCoderBlock(AiCoder coder) {
    this.coder = coder;
  }

  AiCoder coder() {
    return coder;
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameterStore,
      NDList inputs,
      boolean training,
      @Nullable PairList<String, Object> params) {
    return inputs;
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
