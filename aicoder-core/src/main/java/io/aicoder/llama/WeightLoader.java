package io.aicoder.llama;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.Projection;
import io.aicoder.checkpoint.StoredTensor;
import io.aicoder.checkpoint.StoredType;
import io.aicoder.error.AiCoderException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts a checkpoint's tensors into a program: mapped where the file allows it, copied where not.
 */
public final class WeightLoader {

  /** The one stage of layers. */
  private static final int STAGE = 0;

  private final LlamaProgram program;
  private final ComputeType type;
  private final Map<Path, Map<StoredType, Long>> mappings = new HashMap<>();

  private WeightLoader(LlamaProgram program, ComputeType type) {
    this.program = program;
    this.type = type;
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
    program.callLong("add_stage", IValue.from("cpu"), IValue.from(0L));
    place("embedding", checkpoint.embedding());
    for (int layer = 0; layer < config.layers(); layer++) {
      program.callLong("add_window", IValue.from((long) config.window(layer)));
      place("norm", checkpoint.attentionNorm(layer));
      place("norm", checkpoint.mlpNorm(layer));
      for (LinearGroup group : LinearGroup.values()) {
        addLinear(checkpoint, layer, group);
      }
    }
    place("norm", checkpoint.finalNorm());
    if (config.tiedEmbeddings()) {
      program.callLong("tie_head");
    } else {
      place("weight", checkpoint.head());
    }
    program.callLong("add_linear", IValue.from(false));
    program.loaded();
  }

  private void addLinear(Checkpoint checkpoint, int layer, LinearGroup group) {
    List<StoredTensor> weights = new ArrayList<>();
    for (Projection projection : group.projections()) {
      weights.add(checkpoint.weight(layer, projection));
      StoredTensor bias = checkpoint.bias(layer, projection);
      if (bias != null) {
        place("bias", bias);
      }
    }
    joined(weights).forEach(weight -> place("weight", weight));
    // What is copied anyway may as well be copied into one piece; what is mapped stays where it is.
    boolean copied = weights.stream().anyMatch(weight -> !mappable(weight));
    program.callLong("add_linear", IValue.from(copied));
  }

  /** Makes one tensor of those that lie one behind the other in a mapped file. */
  private List<StoredTensor> joined(List<StoredTensor> weights) {
    List<StoredTensor> result = new ArrayList<>();
    for (StoredTensor weight : weights) {
      StoredTensor last = result.isEmpty() ? null : result.get(result.size() - 1);
      if (last != null && mappable(last) && mappable(weight) && last.isFollowedBy(weight)) {
        result.set(result.size() - 1, last.joinedWith(weight));
      } else {
        result.add(weight);
      }
    }
    return result;
  }

  private boolean mappable(StoredTensor tensor) {
    return tensor.aligned() && ComputeType.of(tensor) == type;
  }

  private void place(String kind, StoredTensor tensor) {
    if (!tensor.aligned()) {
      try (PtNDArray values = TensorReader.read(program.manager(), tensor)) {
        program.callLong(
            "place_values",
            IValue.from(kind),
            IValue.from(values),
            IValue.from((long) STAGE),
            IValue.from((long) type.torchCode()));
      }
      return;
    }
    long file =
        mappings
            .computeIfAbsent(tensor.file(), path -> new HashMap<>())
            .computeIfAbsent(tensor.type(), stored -> map(tensor.file(), stored));
    program.callLong(
        "place_mapped",
        IValue.from(kind),
        IValue.from(file),
        IValue.from(tensor.offset() / tensor.type().bytes()),
        IValue.listFrom(tensor.shape().stream().mapToLong(Long::longValue).toArray()),
        IValue.from((long) STAGE),
        IValue.from((long) type.torchCode()));
  }

  /** Maps a whole file as numbers of one type; its odd last bytes are left out. */
  private long map(Path file, StoredType stored) {
    long count = file.toFile().length() / stored.bytes();
    return program.callLong(
        "map_file",
        IValue.from(file.toAbsolutePath().toString()),
        IValue.from(count),
        IValue.from((long) stored.torchCode()));
  }
}
