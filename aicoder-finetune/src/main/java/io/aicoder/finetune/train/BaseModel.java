package io.aicoder.finetune.train;

import ai.djl.Device;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.DeviceChoice;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.llama.LoadProgress;
import io.aicoder.llama.MemoryEstimate;
import io.aicoder.llama.Placement;
import io.aicoder.llama.Quantization;
import io.aicoder.llama.QuantizedFile;
import io.aicoder.llama.TorchRuntime;
import io.aicoder.llama.WeightLoader;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The frozen base, and how it is held.
 *
 * @param checkpoint its files
 * @param type the number format that matrices are held and multiplied in; {@code null}: the file's
 * @param quantization in how many bits matrices are held
 * @param cacheDirectory for quantized weights; {@code null}: the user's
 * @param device where it is; {@code null}: a GPU when there is one
 * @param threads of one operation, for the whole process; 0: libtorch's choice
 * @param progress is told how far loading has come
 */
public record BaseModel(
    Checkpoint checkpoint,
    @Nullable ComputeType type,
    Quantization quantization,
    @Nullable Path cacheDirectory,
    @Nullable Device device,
    int threads,
    LoadProgress progress) {

  boolean quantized() {
    return !(quantization instanceof Quantization.None);
  }

  /** Starts the engine, and finds the device. */
  Placement place() {
    TorchRuntime.start(threads);
    List<Device> wanted = device == null ? List.of() : List.of(device);
    Placement placement =
        quantized()
            ? DeviceChoice.choose(wanted, checkpoint, format(), quantization)
            : DeviceChoice.choose(wanted, checkpoint, format());
    if (placement.stages().size() > 1) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "the base does not fit one device, and training uses one: quantize the base, or name a"
              + " larger device");
    }
    return placement;
  }

  /** Returns the number format in which frozen matrices are multiplied. */
  ComputeType format() {
    if (quantized()) {
      return onGpu() ? ComputeType.BF16 : ComputeType.FP32;
    }
    return type == null ? ComputeType.of(checkpoint.embedding()) : type;
  }

  String numbers() {
    return quantized() ? quantization.label() : format().name();
  }

  LlamaProgram load(Placement placement) {
    if (!quantized()) {
      return WeightLoader.load(checkpoint, format(), placement, progress);
    }
    Path cache = cacheDirectory == null ? QuantizedFile.defaultDirectory() : cacheDirectory;
    return WeightLoader.load(checkpoint, quantization, format(), cache, placement, progress);
  }

  /** A quantized base goes to a GPU only when it is asked for. */
  private boolean onGpu() {
    return device != null && device.isGpu();
  }

  MemoryEstimate memory(boolean onGpu) {
    return MemoryEstimate.of(checkpoint, format(), quantization, onGpu, 1, 1);
  }
}
