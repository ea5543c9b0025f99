package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Weights in formats that are not read, each with why and with the command that converts it.
 *
 * <p>{@code .bin}, {@code .pt} and {@code .pth} are Python pickles: reading one can run what its
 * author wrote into it.
 */
enum ForeignWeights {
  /** A PEFT adapter as it was saved before safetensors. */
  ADAPTER(
      "adapter_model\\.bin",
      true,
      "import torch, safetensors.torch as s;"
          + " s.save_file(torch.load('DIR/FILE', weights_only=True), 'DIR/adapter_model.safetensors')"),
  /** transformers' format before safetensors, whole or in shards. */
  TRANSFORMERS(
      "pytorch_model.*\\.bin(\\.index\\.json)?",
      true,
      "from transformers import AutoModelForCausalLM as M;"
          + " M.from_pretrained('DIR', dtype='auto').save_pretrained('DIR')"),
  /** Meta's own format; params.json stands beside it. */
  META("consolidated.*\\.pth", true, null),
  /**
   * llama.cpp's format. transformers calls what it reads from it quantized and would not save it,
   * though it widens the numbers when it reads them.
   */
  GGUF(
      ".*\\.gguf",
      false,
      "from transformers import AutoModelForCausalLM as M, AutoTokenizer as T;"
          + " m = M.from_pretrained('DIR', gguf_file='FILE'); m.hf_quantizer = None;"
          + " m.config.__dict__.pop('quantization_config', None); m.save_pretrained('DIR');"
          + " T.from_pretrained('DIR', gguf_file='FILE').save_pretrained('DIR')"),
  /** Any other pickle, most often a dictionary of tensors. */
  PICKLE(
      ".*\\.(bin|pt|pth|ckpt)",
      true,
      "import torch, safetensors.torch as s;"
          + " w = torch.load('DIR/FILE', weights_only=True);"
          + " s.save_file({k: v.clone() for k, v in w.items()}, 'DIR/model.safetensors')");

  private final Predicate<String> name;
  private final boolean pickle;
  private final @Nullable String python;

  ForeignWeights(String name, boolean pickle, @Nullable String python) {
    this.name = Pattern.compile(name).asMatchPredicate();
    this.pickle = pickle;
    this.python = python;
  }

  /**
   * Refuses a directory that holds weights in another format alone.
   *
   * @throws AiCoderException when it does, with the reason and the way to convert them
   */
  static void refuse(Path directory) {
    List<String> files = files(directory);
    for (ForeignWeights format : values()) {
      for (String file : files) {
        if (format.name.test(file)) {
          throw format.refusal(directory, file);
        }
      }
    }
  }

  private static List<String> files(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT, directory + ": cannot be listed (" + e.getMessage() + ")", e);
    }
  }

  private AiCoderException refusal(Path directory, String file) {
    String why =
        pickle
            ? "is a pickle, which could run code when read, and is never loaded"
            : "is not a Hugging Face checkpoint, and is not read";
    return new AiCoderException(
        ErrorCategory.CHECKPOINT,
        "%s: %s; convert it to safetensors where you trust it: %s"
            .formatted(directory.resolve(file), why, command(directory, file)));
  }

  private String command(Path directory, String file) {
    String code = python;
    String path = directory.toString().replace('\\', '/');
    return code == null
        ? "download it in Hugging Face's form, or use convert_llama_weights_to_hf.py of transformers 4"
        : "python -c \"" + code.replace("DIR", path).replace("FILE", file) + '"';
  }
}
