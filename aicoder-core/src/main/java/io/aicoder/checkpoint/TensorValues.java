package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/** The numbers of stored tensors, read and written piece by piece, in every number format. */
final class TensorValues {

  /** Numbers taken at once: bounds memory. */
  static final int PIECE = 1 << 20;

  private TensorValues() {}

  /**
   * Reads numbers of a tensor.
   *
   * @param from the first one's index in the flat tensor
   * @param count how many
   */
  static float[] read(StoredTensor tensor, long from, int count) {
    int size = tensor.type().bytes();
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(count, size));
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(tensor.file(), StandardOpenOption.READ)) {
      long begin = tensor.offset() + from * size;
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, begin + bytes.position()) < 0) {
          throw new IOException("the file ended early");
        }
      }
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT, tensor.file() + ": cannot be read (" + e.getMessage() + ")", e);
    }
    return decode(tensor.type(), bytes.flip());
  }

  /** Reads all numbers of a tensor that fits an array. */
  static float[] read(StoredTensor tensor) {
    if (tensor.count() > Integer.MAX_VALUE / tensor.type().bytes()) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          "%s: tensor %s of shape %s is too large"
              .formatted(tensor.file(), tensor.name(), tensor.shape()));
    }
    return read(tensor, 0, (int) tensor.count());
  }

  /** Whether two tensors of equal shape hold equal numbers, whatever the formats. */
  static boolean equal(StoredTensor first, StoredTensor second) {
    for (long at = 0; at < first.count(); at += PIECE) {
      int count = (int) Math.min(PIECE, first.count() - at);
      float[] ours = read(first, at, count);
      float[] theirs = read(second, at, count);
      for (int i = 0; i < count; i++) {
        if (ours[i] != theirs[i]) {
          return false;
        }
      }
    }
    return true;
  }

  private static float[] decode(StoredType type, ByteBuffer bytes) {
    float[] values = new float[bytes.remaining() / type.bytes()];
    switch (type) {
      case F32 -> bytes.asFloatBuffer().get(values);
      case F16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = half(bytes.getShort());
        }
      }
      case BF16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.intBitsToFloat(bytes.getShort() << 16);
        }
      }
    }
    return values;
  }

  /** Returns numbers in a format, rounded to the nearest, ties to even, as torch rounds them. */
  static ByteBuffer encode(StoredType type, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, type.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      switch (type) {
        case F32 -> bytes.putFloat(value);
        case F16 -> bytes.putShort(half(value));
        case BF16 -> bytes.putShort(bfloat(value));
      }
    }
    return bytes.flip();
  }

  /** Rounds numbers to what a format can hold. */
  static void round(StoredType type, float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case F32 -> values[i];
            case F16 -> half(half(values[i]));
            case BF16 -> Float.intBitsToFloat(bfloat(values[i]) << 16);
          };
    }
  }

  private static short bfloat(float value) {
    int bits = Float.floatToIntBits(value);
    if (Float.isNaN(value)) {
      return (short) 0x7FC0;
    }
    return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Widens IEEE half precision; JDK 17 has no method for it. */
  private static float half(short value) {
    int sign = (value & 0x8000) << 16;
    int exponent = (value >>> 10) & 0x1F;
    int mantissa = value & 0x3FF;
    if (exponent == 0) {
      float small = mantissa * 0x1p-24f;
      return sign == 0 ? small : -small;
    }
    int wide = exponent == 0x1F ? 0xFF : exponent + 112;
    return Float.intBitsToFloat(sign | (wide << 23) | (mantissa << 13));
  }

  /** Rounds to IEEE half precision. */
  private static short half(float value) {
    int bits = Float.floatToIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7E00);
    }
    float size = Math.abs(value);
    if (size >= 65520f) {
      return (short) (sign | 0x7C00);
    }
    if (size < 0x1p-14f) {
      // The sum's own rounding leaves a multiple of 2^-24, the smallest step, in the low bits.
      return (short) (sign | (Float.floatToIntBits(size + 0.5f) - Float.floatToIntBits(0.5f)));
    }
    int rebased = (bits & 0x7FFFFFFF) - (112 << 23);
    return (short) (sign | ((rebased + 0xFFF + ((rebased >>> 13) & 1)) >>> 13));
  }
}
