package io.aicoder.finetune.train;

import io.aicoder.llama.TrainedParameter;
import io.aicoder.llama.TrainedParameter.Kind;
import java.util.List;

/**
 * A tensor that is trained.
 *
 * @param name its name in the file that it goes into
 * @param parameter what it is in the model
 * @param shape its sizes
 */
record Trainable(String name, TrainedParameter parameter, List<Long> shape) {

  /** Copies the shape. */
  Trainable {
    shape = List.copyOf(shape);
  }

  /** Returns how many numbers it has. */
  long size() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  Kind kind() {
    return parameter.kind();
  }

  /** Whether weight decay draws it to zero: not norms and biases, as in transformers' Trainer. */
  boolean decays() {
    return switch (kind()) {
      case LORA_A, LORA_B, MAGNITUDE -> true;
      case WEIGHT -> shape.size() > 1;
      case BIAS, LORA_BIAS -> false;
    };
  }

  /** Whether LoRA+ trains it faster: B and, as PEFT has it, all vectors. */
  boolean fast() {
    return kind() == Kind.LORA_B || shape.size() == 1;
  }
}
