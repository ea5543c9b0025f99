package io.aicoder.llama;

import io.aicoder.checkpoint.StoredTensor;
import io.aicoder.checkpoint.StoredType;

/** The number format that weights are held and multiplied in. */
public enum ComputeType {
  /** IEEE single precision: exact for every checkpoint, twice the memory of the others. */
  FP32(StoredType.F32),
  /** bfloat16: what Llama checkpoints are published in; mapped from such a file without a copy. */
  BF16(StoredType.BF16),
  /** IEEE half precision. */
  FP16(StoredType.F16);

  private final StoredType stored;

  ComputeType(StoredType stored) {
    this.stored = stored;
  }

  /** Returns the format in which a tensor is stored. */
  public static ComputeType of(StoredTensor tensor) {
    for (ComputeType type : values()) {
      if (type.stored == tensor.type()) {
        return type;
      }
    }
    throw new IllegalStateException("no compute type for " + tensor.type());
  }

  /** Returns the size of one number in bytes. */
  public int bytes() {
    return stored.bytes();
  }

  /** Whether a stored tensor can be used where its file is mapped into memory. */
  boolean maps(StoredTensor tensor) {
    return tensor.aligned() && tensor.type() == stored;
  }

  /** Returns PyTorch's {@code ScalarType} number. */
  int torchCode() {
    return stored.torchCode();
  }
}
