package io.aicoder.llama;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.checkpoint.Projection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts LoRA adapters into a program, and takes them out. */
public final class AdapterLoader {

  private record Place(int layer, Projection projection) {}

  private AdapterLoader() {}

  /**
   * Adds an adapter to a program.
   *
   * @param number what the program will know it by, 0 or more
   */
  public static void add(LlamaProgram program, LoraAdapter adapter, int number) {
    Map<Place, LoraAdapter.Factors> factors = new HashMap<>();
    for (LoraAdapter.Factors pair : adapter.factors()) {
      factors.put(new Place(pair.layer(), pair.projection()), pair);
    }
    program.callLong("add_adapter", IValue.from((long) number));
    try {
      for (int layer = 0; layer < program.config().layers(); layer++) {
        for (LinearGroup group : LinearGroup.values()) {
          addGroup(program, number, layer, group, factors);
        }
      }
      addNothing(program, number); // the head is the last linear layer
    } catch (RuntimeException e) {
      remove(program, number);
      throw e;
    }
  }

  private static void addGroup(
      LlamaProgram program,
      int number,
      int layer,
      LinearGroup group,
      Map<Place, LoraAdapter.Factors> factors) {
    if (group.projections().stream()
        .noneMatch(projection -> factors.containsKey(new Place(layer, projection)))) {
      addNothing(program, number);
      return;
    }
    try (NDManager manager = program.manager().newSubManager()) {
      List<PtNDArray> a = new ArrayList<>();
      List<PtNDArray> b = new ArrayList<>();
      List<Double> scaling = new ArrayList<>();
      for (Projection projection : group.projections()) {
        LoraAdapter.Factors pair = factors.get(new Place(layer, projection));
        a.add(first(manager, program.config(), projection, pair));
        b.add(second(manager, program.config(), projection, pair));
        scaling.add(pair == null ? 1 : pair.scaling());
      }
      program.callLong(
          "add_lora",
          IValue.from((long) number),
          IValue.listFrom(a.toArray(PtNDArray[]::new)),
          IValue.listFrom(b.toArray(PtNDArray[]::new)),
          IValue.listFrom(scaling.stream().mapToDouble(Double::doubleValue).toArray()));
    }
  }

  private static void addNothing(LlamaProgram program, int number) {
    program.callLong(
        "add_lora",
        IValue.from((long) number),
        IValue.listFrom(new PtNDArray[0]),
        IValue.listFrom(new PtNDArray[0]),
        IValue.listFrom(new double[0]));
  }

  private static PtNDArray first(
      NDManager manager,
      LlamaConfig config,
      Projection projection,
      LoraAdapter.@Nullable Factors pair) {
    return pair == null
        ? empty(manager, new Shape(0, projection.in(config)))
        : TensorReader.read(manager, pair.a());
  }

  private static PtNDArray second(
      NDManager manager,
      LlamaConfig config,
      Projection projection,
      LoraAdapter.@Nullable Factors pair) {
    return pair == null
        ? empty(manager, new Shape(projection.out(config), 0))
        : TensorReader.read(manager, pair.b());
  }

  private static PtNDArray empty(NDManager manager, Shape shape) {
    return (PtNDArray) manager.zeros(shape, DataType.FLOAT32);
  }

  /** Takes an adapter out of a program and frees its memory. */
  public static void remove(LlamaProgram program, int number) {
    program.callLong("remove_adapter", IValue.from((long) number));
  }
}
