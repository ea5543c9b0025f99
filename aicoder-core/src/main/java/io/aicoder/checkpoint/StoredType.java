package io.aicoder.checkpoint;

/** The number formats of weights that can be read, with PyTorch's own codes for them. */
public enum StoredType {
  /** bfloat16: 8 bits of exponent, 7 of mantissa. */
  BF16(2, 15),
  /** IEEE half precision. */
  F16(2, 5),
  /** IEEE single precision. */
  F32(4, 6);

  private final int bytes;
  private final int torchCode;

  StoredType(int bytes, int torchCode) {
    this.bytes = bytes;
    this.torchCode = torchCode;
  }

  /** Returns the size of one number in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Returns PyTorch's {@code ScalarType} number. */
  public int torchCode() {
    return torchCode;
  }
}
