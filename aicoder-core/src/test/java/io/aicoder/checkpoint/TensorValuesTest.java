package io.aicoder.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Numbers are rounded as libtorch rounds them. */
class TensorValuesTest {

  private static final int COUNT = 200_000;

  /** Every size from far too small to far too large, and the edges between them. */
  private static float[] numbers() {
    SplittableRandom random = new SplittableRandom(5);
    float[] numbers = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      numbers[i] = (float) ((random.nextDouble() - 0.5) * Math.pow(2, random.nextInt(-30, 18)));
    }
    float[] edges = {
      0f,
      -0f,
      65504f,
      65519f,
      65520f,
      -65520f,
      0x1p-14f,
      0x1p-24f,
      0x1p-25f,
      0x1.8p-25f,
      1.00048828125f,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      2049f,
      2051f,
      Float.MIN_VALUE
    };
    System.arraycopy(edges, 0, numbers, 0, edges.length);
    return numbers;
  }

  @Test
  void halfPrecisionIsLibtorchs() {
    float[] numbers = numbers();
    float[] rounded = numbers.clone();
    TensorValues.round(StoredType.F16, rounded);
    ByteBuffer encoded = TensorValues.encode(StoredType.F16, numbers);
    try (NDManager manager = NDManager.newBaseManager();
        NDArray half = manager.create(numbers).toType(DataType.FLOAT16, true);
        NDArray back = half.toType(DataType.FLOAT32, true)) {
      ByteBuffer expected = half.toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      assertThat(encoded.remaining()).isEqualTo(2 * COUNT);
      while (encoded.hasRemaining()) {
        assertThat(encoded.getShort()).isEqualTo(expected.getShort());
      }
      assertThat(rounded).isEqualTo(back.toFloatArray());
    }
  }

  /** The nearest of the two neighbours, and the even one half-way. */
  @Test
  void bfloatIsTheNearest() {
    float[] rounded = {
      1f, 0x1.01p0f, 0x1.02p0f, 0x1.03p0f, 0x1.010002p0f, 0x1.00fffep0f, -0x1.03p0f, 0x1.fffffep127f
    };
    TensorValues.round(StoredType.BF16, rounded);
    assertThat(rounded)
        .containsExactly(
            1f, 1f, 0x1.02p0f, 0x1.04p0f, 0x1.02p0f, 1f, -0x1.04p0f, Float.POSITIVE_INFINITY);
    float[] none = {Float.NaN};
    TensorValues.round(StoredType.BF16, none);
    assertThat(none[0]).isNaN();
  }
}
