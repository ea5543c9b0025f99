package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One tensor of a base with adapters merged into it.
 *
 * <p>Sums and products are float32 in the order of the rank, and the result is rounded once to the
 * base's number format, as in PEFT; the embedding's product is rounded before it is added, too,
 * which is PEFT's way as well.
 */
final class MergedTensor {

  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  private final LlamaConfig config;
  private final StoredTensor tensor;
  private final String module;
  private final List<WeightedAdapter> adapters;
  private final List<Product> products = new ArrayList<>();

  /**
   * Prepares a tensor.
   *
   * @param tensor where the base has it, named as in the result
   */
  MergedTensor(LlamaConfig config, StoredTensor tensor, List<WeightedAdapter> adapters) {
    this.config = config;
    this.tensor = tensor;
    this.module = tensor.name().replaceFirst("\\.(weight|bias)$", "");
    this.adapters = adapters;
  }

  /** Factors in memory; a row of their product is made when it is needed. */
  private record Product(float[] a, float[] b, int rank, int out, float scaling) {

    static Product of(LoraAdapter.Factors factors, double weight) {
      return new Product(
          TensorValues.read(factors.a()),
          TensorValues.read(factors.b()),
          Math.toIntExact(factors.a().shape().get(0)),
          Math.toIntExact(factors.b().shape().get(0)),
          (float) (factors.scaling() * weight));
    }

    /** Adds row {@code index} of {@code scaling · B A}. */
    void addRow(int index, float[] sum) {
      float[] row = new float[sum.length];
      for (int k = 0; k < rank; k++) {
        addTimes(b[index * rank + k], a, k * sum.length, row);
      }
      addScaled(row, sum);
    }

    /** Adds row {@code index} of {@code scaling · (B A)ᵀ}: the embedding's factors lie so. */
    void addTransposedRow(int index, float[] sum) {
      int vocabulary = a.length / rank;
      float[] column = new float[rank];
      for (int k = 0; k < rank; k++) {
        column[k] = a[k * vocabulary + index];
      }
      for (int i = 0; i < out; i++) {
        float value = 0;
        for (int k = 0; k < rank; k++) {
          value = Math.fma(b[i * rank + k], column[k], value);
        }
        sum[i] += value * scaling;
      }
    }

    private static void addTimes(float factor, float[] from, int at, float[] sum) {
      for (int j = 0; j < sum.length; j++) {
        sum[j] = Math.fma(factor, from[at + j], sum[j]);
      }
    }

    private void addScaled(float[] row, float[] sum) {
      for (int j = 0; j < sum.length; j++) {
        sum[j] += row[j] * scaling;
      }
    }
  }

  /** Writes it. */
  void write(SafeTensorsWriter writer) throws IOException {
    boolean changed = adapters.stream().anyMatch(part -> part.adapter().changes(module));
    if (changed && tensor.name().endsWith(WEIGHT) && tensor.shape().size() == 2) {
      writeMatrix(writer);
    } else if (changed && tensor.name().endsWith(BIAS)) {
      writeBias(writer);
    } else {
      writer.copy(tensor);
    }
  }

  private void writeBias(SafeTensorsWriter writer) throws IOException {
    StoredTensor own = adapters.get(0).adapter().bias(module);
    float[] values = TensorValues.read(own == null ? tensor : own);
    LoraAdapter.Factors factors = adapters.get(0).adapter().factors(module);
    if (factors != null && factors.bias() != null) {
      float[] added = TensorValues.read(factors.bias());
      TensorValues.round(tensor.type(), values);
      for (int i = 0; i < values.length; i++) {
        values[i] += added[i] * (float) factors.scaling();
      }
    }
    writeRows(writer, values);
  }

  private void writeMatrix(SafeTensorsWriter writer) throws IOException {
    for (WeightedAdapter part : adapters) {
      LoraAdapter.Factors factors = part.adapter().factors(module);
      if (factors != null) {
        requireBias(factors, part.adapter());
        products.add(Product.of(factors, part.weight()));
      }
    }
    int rows = Math.toIntExact(tensor.shape().get(0));
    int columns = Math.toIntExact(tensor.shape().get(1));
    int step = Math.max(1, TensorValues.PIECE / columns);
    float @Nullable [] magnitudes = magnitudes();
    float @Nullable [] columnFactors =
        magnitudes != null && embedding() ? columnFactors(magnitudes, rows, columns, step) : null;
    Replaced replaced = new Replaced();
    for (int first = 0; first < rows; first += step) {
      int count = Math.min(step, rows - first);
      float[] piece = replaced.read(first, count, columns);
      int start = first;
      IntStream.range(0, count)
          .parallel()
          .forEach(
              i -> {
                float[] row = Arrays.copyOfRange(piece, i * columns, (i + 1) * columns);
                merge(start + i, row, magnitudes, columnFactors);
                System.arraycopy(row, 0, piece, i * columns, columns);
              });
      writeRows(writer, piece);
    }
  }

  private boolean embedding() {
    return module.equals(LoraAdapter.EMBEDDING);
  }

  /** PEFT cannot merge a bias of B into a base that has none either. */
  private void requireBias(LoraAdapter.Factors factors, LoraAdapter adapter) {
    boolean biased =
        LoraModule.of(config).stream()
            .anyMatch(known -> known.name().equals(module) && known.biased());
    if (factors.bias() != null && !biased) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          adapter.directory()
              + ": has lora_bias for "
              + module
              + ", which has no bias in the base to merge it into: use the adapter beside the base");
    }
  }

  private float @Nullable [] magnitudes() {
    LoraAdapter.Factors factors = adapters.get(0).adapter().factors(module);
    return factors == null || factors.magnitude() == null
        ? null
        : TensorValues.read(factors.magnitude());
  }

  private void merge(
      int index, float[] row, float @Nullable [] magnitudes, float @Nullable [] columnFactors) {
    addProducts(index, row, magnitudes != null);
    if (columnFactors != null) {
      for (int j = 0; j < row.length; j++) {
        row[j] *= columnFactors[j];
      }
    } else if (magnitudes != null) {
      double squares = 0;
      for (float value : row) {
        squares += (double) value * value;
      }
      float factor = magnitudes[index] / (float) Math.sqrt(squares);
      for (int j = 0; j < row.length; j++) {
        row[j] *= factor;
      }
    }
  }

  private void addProducts(int index, float[] row, boolean dora) {
    if (products.isEmpty()) {
      return;
    }
    float[] sum = new float[row.length];
    for (Product product : products) {
      if (embedding()) {
        product.addTransposedRow(index, sum);
      } else {
        product.addRow(index, sum);
      }
    }
    if (embedding() && !dora) {
      TensorValues.round(tensor.type(), sum);
    }
    for (int j = 0; j < row.length; j++) {
      row[j] += sum[j];
    }
  }

  /** DoRA of the embedding brings columns, not rows, to their length. */
  private float[] columnFactors(float[] magnitudes, int rows, int columns, int step) {
    double[] squares = new double[columns];
    Replaced replaced = new Replaced();
    for (int first = 0; first < rows; first += step) {
      int count = Math.min(step, rows - first);
      float[] piece = replaced.read(first, count, columns);
      for (int i = 0; i < count; i++) {
        float[] row = Arrays.copyOfRange(piece, i * columns, (i + 1) * columns);
        addProducts(first + i, row, true);
        for (int j = 0; j < columns; j++) {
          squares[j] += (double) row[j] * row[j];
        }
      }
    }
    float[] factors = new float[columns];
    for (int j = 0; j < columns; j++) {
      factors[j] = magnitudes[j] / (float) Math.sqrt(squares[j]);
    }
    return factors;
  }

  /** The base's matrix, or what an adapter has in place of all or some of its rows. */
  private final class Replaced {
    private final @Nullable StoredTensor table = adapters.get(0).adapter().table(module);
    private final LoraAdapter.@Nullable Rows rows = adapters.get(0).adapter().rows(module);
    private final float[] values = rows == null ? new float[0] : TensorValues.read(rows.values());

    float[] read(int first, int count, int columns) {
      StoredTensor source = table == null ? tensor : table;
      float[] piece = TensorValues.read(source, (long) first * columns, count * columns);
      TensorValues.round(tensor.type(), piece);
      for (int i = 0; rows != null && i < rows.ids().size(); i++) {
        int at = rows.ids().get(i) - first;
        if (at >= 0 && at < count) {
          System.arraycopy(values, i * columns, piece, at * columns, columns);
        }
      }
      return piece;
    }
  }

  private void writeRows(SafeTensorsWriter writer, float[] values) throws IOException {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new AiCoderException(
            ErrorCategory.CHECKPOINT,
            "merged tensor "
                + tensor.name()
                + " holds NaN or infinite numbers: the adapter's file is damaged, or the base's");
      }
    }
    writer.write(TensorValues.encode(tensor.type(), values));
  }
}
