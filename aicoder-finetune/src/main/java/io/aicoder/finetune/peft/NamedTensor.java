package io.aicoder.finetune.peft;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor of an adapter, by the name that it has in PEFT's file.
 *
 * @param name such as {@code base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight}
 * @param shape its sizes
 * @param values its numbers: fp32, little endian, row by row; a view of the caller's memory
 */
public record NamedTensor(String name, List<Long> shape, ByteBuffer values) {

  /**
   * Copies the shape.
   *
   * @throws IllegalArgumentException when the shape asks for another number of bytes
   */
  public NamedTensor {
    shape = List.copyOf(shape);
    long bytes = shape.stream().reduce((long) Float.BYTES, Math::multiplyExact);
    if (values.remaining() != bytes) {
      throw new IllegalArgumentException(
          name + " of shape " + shape + " takes " + bytes + " bytes, not " + values.remaining());
    }
    values = values.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Makes a tensor of copied numbers. */
  public static NamedTensor of(String name, List<Long> shape, float[] numbers) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(numbers.length, Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(numbers);
    return new NamedTensor(name, shape, bytes);
  }

  /** Returns its bytes, with a position of the caller's own. */
  @Override
  public ByteBuffer values() {
    return values.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns a copy of its numbers. */
  public float[] numbers() {
    float[] numbers = new float[values.remaining() / Float.BYTES];
    values().asFloatBuffer().get(numbers);
    return numbers;
  }

  /** Returns the index of the first number that is no number or endless; -1 when there is none. */
  int firstNotFinite() {
    float[] numbers = numbers();
    for (int i = 0; i < numbers.length; i++) {
      if (!Float.isFinite(numbers[i])) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public String toString() {
    return name + Arrays.toString(shape.toArray());
  }
}
