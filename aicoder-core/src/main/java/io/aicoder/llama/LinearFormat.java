package io.aicoder.llama;

import io.aicoder.llama.QuantizedFile.Entry;
import io.aicoder.llama.QuantizedFile.NumberType;
import java.util.List;

/**
 * How one linear layer is quantized.
 *
 * @param rows the numbers that come out
 * @param columns the numbers that go in
 * @param groupSize how many numbers of a row share a scale in 4 bits; 0: 8 bits, one scale a row
 */
record LinearFormat(int rows, int columns, int groupSize) {

  /**
   * Chooses the format of a layer: what cannot be had in 4 bits gets 8, and so does the head, whose
   * errors are the text's.
   */
  static LinearFormat of(Quantization quantization, int rows, int columns, boolean head) {
    if (quantization instanceof Quantization.Int4 int4
        && !head
        && columns % int4.groupSize() == 0
        && rows % 16 == 0) {
      return new LinearFormat(rows, columns, int4.groupSize());
    }
    return new LinearFormat(rows, columns, 0);
  }

  /** Returns its tensors, in the order in which the program stages them. */
  List<Entry> entries(String prefix) {
    if (groupSize == 0) {
      return List.of(
          new Entry(prefix + "weight", NumberType.I8, List.of((long) rows, (long) columns)),
          new Entry(prefix + "scale", NumberType.F32, List.of((long) rows)));
    }
    return List.of(
        new Entry(prefix + "weight", NumberType.U8, List.of((long) rows, columns / 2L)),
        new Entry(
            prefix + "scale_and_zero",
            NumberType.F32,
            List.of((long) columns / groupSize, (long) rows, 2L)));
  }
}
