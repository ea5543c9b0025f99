package io.aicoder.llama;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.checkpoint.Projection;
import io.aicoder.checkpoint.StoredTensor;
import io.aicoder.checkpoint.StoredType;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts a checkpoint's tensors, and adapters', into a program: mapped where the file allows it,
 * copied where not.
 */
public final class WeightLoader {

  private final LlamaProgram program;
  private final int dtype;
  private final Map<Path, Map<StoredType, Long>> mappings = new HashMap<>();

  private WeightLoader(LlamaProgram program, ComputeType type) {
    this.program = program;
    this.dtype = type.torchCode();
  }

  /**
   * Loads a checkpoint into a new program, which the caller closes.
   *
   * @throws AiCoderException when a tensor is missing or of another shape, or memory ran out
   */
  public static LlamaProgram load(Checkpoint checkpoint, ComputeType type) {
    LlamaProgram program = LlamaProgram.create(checkpoint.config());
    try {
      new WeightLoader(program, type).place(checkpoint);
      return program;
    } catch (RuntimeException e) {
      program.close();
      throw e;
    }
  }

  private void place(Checkpoint checkpoint) {
    LlamaConfig config = checkpoint.config();
    place("embedding", checkpoint.embedding(), 0);
    for (int layer = 0; layer < config.layers(); layer++) {
      place("norm", checkpoint.attentionNorm(layer), 0);
      place("norm", checkpoint.mlpNorm(layer), 0);
      for (Projection projection : Projection.values()) {
        place("weight", checkpoint.weight(layer, projection), 0);
        placeBias(checkpoint.bias(layer, projection), index(layer, projection));
      }
    }
    place("norm", checkpoint.finalNorm(), 0);
    if (config.tiedEmbeddings()) {
      program.callLong("tie_head");
    } else {
      place("head", checkpoint.head(), 0);
    }
    program.loaded();
  }

  private void placeBias(@Nullable StoredTensor bias, int index) {
    if (bias != null) {
      place("bias", bias, index);
    }
  }

  private static int index(int layer, Projection projection) {
    return layer * Projection.values().length + projection.ordinal();
  }

  private void place(String kind, StoredTensor tensor, int index) {
    if (!tensor.aligned()) {
      try (PtNDArray values = read(program.manager(), tensor)) {
        program.callLong(
            "place_values",
            IValue.from(kind),
            IValue.from(values),
            IValue.from((long) dtype),
            IValue.from((long) index));
      }
      return;
    }
    long file =
        mappings
            .computeIfAbsent(tensor.file(), path -> new HashMap<>())
            .computeIfAbsent(tensor.type(), type -> map(tensor.file(), type));
    program.callLong(
        "place_mapped",
        IValue.from(kind),
        IValue.from(file),
        IValue.from(tensor.offset() / tensor.type().bytes()),
        IValue.listFrom(shape(tensor)),
        IValue.from((long) dtype),
        IValue.from((long) index));
  }

  /** Maps a whole file as numbers of one type; its odd last bytes are left out. */
  private long map(Path file, StoredType type) {
    long count = file.toFile().length() / type.bytes();
    return program.callLong(
        "map_file",
        IValue.from(file.toAbsolutePath().toString()),
        IValue.from(count),
        IValue.from((long) type.torchCode()));
  }

  private static long[] shape(StoredTensor tensor) {
    return tensor.shape().stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * Adds an adapter to a program; projections that it leaves alone get factors of rank 0.
   *
   * @param number what the program will know it by
   */
  public static void addAdapter(LlamaProgram program, LoraAdapter adapter, int number) {
    LlamaConfig config = program.config();
    Map<Integer, LoraAdapter.Factors> byIndex = new HashMap<>();
    for (LoraAdapter.Factors factors : adapter.factors()) {
      byIndex.put(index(factors.layer(), factors.projection()), factors);
    }
    program.callLong("add_adapter", IValue.from((long) number));
    try {
      for (int layer = 0; layer < config.layers(); layer++) {
        for (Projection projection : Projection.values()) {
          addFactors(program, number, projection, byIndex.get(index(layer, projection)));
        }
      }
    } catch (RuntimeException e) {
      removeAdapter(program, number);
      throw e;
    }
  }

  private static void addFactors(
      LlamaProgram program,
      int number,
      Projection projection,
      LoraAdapter.@Nullable Factors factors) {
    NDManager manager = program.manager();
    LlamaConfig config = program.config();
    try (PtNDArray a =
            factors == null
                ? empty(manager, new Shape(0, projection.in(config)))
                : read(manager, factors.a());
        PtNDArray b =
            factors == null
                ? empty(manager, new Shape(projection.out(config), 0))
                : read(manager, factors.b())) {
      program.callLong(
          "add_lora",
          IValue.from((long) number),
          IValue.from(a),
          IValue.from(b),
          IValue.from(factors == null ? 1.0 : factors.scaling()));
    }
  }

  private static PtNDArray empty(NDManager manager, Shape shape) {
    return (PtNDArray) manager.zeros(shape, DataType.FLOAT32);
  }

  /** Reads a tensor through Java; bf16 is widened here because NDArrays cannot hold it. */
  private static PtNDArray read(NDManager manager, StoredTensor tensor) {
    ByteBuffer bytes = bytes(tensor);
    Shape shape = new Shape(tensor.shape());
    return (PtNDArray)
        switch (tensor.type()) {
          case F32 -> manager.create(bytes, shape, DataType.FLOAT32);
          case F16 -> manager.create(bytes, shape, DataType.FLOAT16);
          case BF16 -> manager.create(widen(bytes), shape, DataType.FLOAT32);
        };
  }

  private static ByteBuffer widen(ByteBuffer bf16) {
    ByteBuffer fp32 =
        ByteBuffer.allocateDirect(Math.multiplyExact(bf16.remaining(), 2))
            .order(ByteOrder.nativeOrder());
    while (bf16.hasRemaining()) {
      fp32.putInt(bf16.getShort() << 16);
    }
    return fp32.flip();
  }

  private static ByteBuffer bytes(StoredTensor tensor) {
    if (tensor.bytes() > Integer.MAX_VALUE / 2) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          "%s: tensor %s is not aligned to its number size and too large to copy: save the checkpoint again with a current safetensors"
              .formatted(tensor.file(), tensor.name()));
    }
    ByteBuffer buffer =
        ByteBuffer.allocateDirect((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(tensor.file(), StandardOpenOption.READ)) {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, tensor.offset() + buffer.position()) < 0) {
          throw new IOException("the file ended early");
        }
      }
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT, tensor.file() + ": cannot be read (" + e.getMessage() + ")", e);
    }
    return buffer.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Takes an adapter out of a program and frees its memory. */
  public static void removeAdapter(LlamaProgram program, int number) {
    program.callLong("remove_adapter", IValue.from((long) number));
  }
}
