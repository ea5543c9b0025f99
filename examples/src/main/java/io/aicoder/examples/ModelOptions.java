package io.aicoder.examples;

import ai.djl.Device;
import io.aicoder.AiCoder;
import io.aicoder.finetune.LoraFineTuner;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.Quantization;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** How to compute: options that several examples share. */
final class ModelOptions {

  private static final Pattern CUDA = Pattern.compile("cuda:(\\d{1,3})");

  /** Number formats by the names people type. */
  enum Dtype {
    fp32,
    bf16,
    fp16;

    ComputeType computeType() {
      return switch (this) {
        case fp32 -> ComputeType.FP32;
        case bf16 -> ComputeType.BF16;
        case fp16 -> ComputeType.FP16;
      };
    }
  }

  /** Weight formats by the names people type. */
  enum QuantizationName {
    none,
    int8,
    int4;

    private Quantization quantization(int groupSize) {
      return switch (this) {
        case none -> new Quantization.None();
        case int8 -> new Quantization.Int8();
        case int4 -> new Quantization.Int4(groupSize);
      };
    }
  }

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "fp32, bf16 or fp16; when absent the checkpoint's own, fp32 in Evaluate")
  private @Nullable Dtype dtype;

  @Option(
      names = "--quantization",
      paramLabel = "KIND",
      defaultValue = "none",
      description = "none, int8 or int4")
  private QuantizationName quantization = QuantizationName.none;

  @Option(
      names = "--group-size",
      paramLabel = "N",
      defaultValue = "32",
      description = "int4: how many weights share a scale: 32, 64 or 128")
  private int groupSize = 32;

  @Mixin private RunOptions runOptions = new RunOptions();

  @Option(
      names = "--device",
      paramLabel = "NAME",
      split = ",",
      description =
          "cpu, cuda:0, cuda:1, …; several, with commas between, share the layers; when absent a GPU that the model fits, else cpu")
  private List<String> devices = List.of();

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  /** Returns a builder for a model with these options, in the checkpoint's format if not told. */
  AiCoder.Builder builder(Path model) {
    return builder(model, null);
  }

  /**
   * Returns a builder for a model with these options.
   *
   * @param absent the format when none is asked for; {@code null}: the checkpoint's own
   */
  AiCoder.Builder builder(Path model, @Nullable ComputeType absent) {
    return runOptions
        .builder(model)
        .optComputeType(computeType(absent))
        .optQuantization(quantization())
        .optDevices(devices.stream().map(this::device).toList())
        .optProgress(LoadBar.weights());
  }

  /** Sets how the frozen base of a training is held. */
  void configure(LoraFineTuner.Builder builder) {
    if (devices.size() > 1) {
      throw new ParameterException(
          spec.commandLine(), "--device " + devices + ": training uses one device");
    }
    builder
        .optComputeType(computeType(null))
        .optQuantization(quantization())
        .optCacheDirectory(runOptions.cache())
        .optThreads(runOptions.threads())
        .optDevice(devices.isEmpty() ? null : device(devices.get(0)))
        .optLoadProgress(LoadBar.weights());
  }

  private Device device(String name) {
    Matcher gpu = CUDA.matcher(name);
    if (gpu.matches()) {
      return Device.gpu(Integer.parseInt(gpu.group(1)));
    }
    if (name.equals("cpu")) {
      return Device.cpu();
    }
    throw new ParameterException(
        spec.commandLine(), "--device " + name + " is not known: cpu, cuda:0, cuda:1, …");
  }

  private @Nullable ComputeType computeType(@Nullable ComputeType absent) {
    if (dtype != null) {
      return dtype.computeType();
    }
    return quantization == QuantizationName.none ? absent : null;
  }

  private boolean asked(String option) {
    ParseResult parsed = spec.commandLine().getParseResult();
    return parsed != null && parsed.hasMatchedOption(option);
  }

  int threads() {
    return runOptions.threads();
  }

  /** Returns how the weights are held. */
  Quantization quantization() {
    if (quantization != QuantizationName.int4 && asked("--group-size")) {
      throw new ParameterException(
          spec.commandLine(), "--group-size is of --quantization int4, which is not asked for");
    }
    try {
      return quantization.quantization(groupSize);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--group-size: " + e.getMessage());
    }
  }
}
