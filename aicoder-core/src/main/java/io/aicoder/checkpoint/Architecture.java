package io.aicoder.checkpoint;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The architectures that are one model in different clothes: RMSNorm before attention and before a
 * SwiGLU MLP, rotary positions, key-value heads that several query heads share.
 */
public enum Architecture {
  /** Llama 1 to 3.x, CodeLlama, TinyLlama, SmolLM2, the early DeepSeek-Coder. */
  LLAMA("LlamaForCausalLM", "llama"),
  /** Mistral 7B, Mistral-Nemo, Codestral: all layers may have a sliding window. */
  MISTRAL("MistralForCausalLM", "mistral"),
  /** Qwen 2 and 2.5: biases of queries, keys and values; some layers may have a sliding window. */
  QWEN2("Qwen2ForCausalLM", "qwen2");

  private final String className;
  private final String modelType;

  Architecture(String className, String modelType) {
    this.className = className;
    this.modelType = modelType;
  }

  /** Returns the name in {@code architectures}, such as {@code LlamaForCausalLM}. */
  public String className() {
    return className;
  }

  /** Returns the {@code model_type}, such as {@code llama}. */
  public String modelType() {
    return modelType;
  }

  /** Reads which one a {@code config.json} is of. */
  static Architecture read(JsonObject json) {
    List<String> names = json.texts("architectures");
    String type = json.text("model_type", "");
    for (Architecture architecture : values()) {
      if (names.isEmpty()
          ? architecture.modelType.equals(type)
          : names.contains(architecture.className)) {
        checkType(json, architecture, type);
        return architecture;
      }
    }
    throw json.problem(
        "architectures",
        "is "
            + names
            + " (model_type '"
            + type
            + "'), which is not supported (supported: "
            + Arrays.stream(values()).map(Architecture::className).collect(Collectors.joining(", "))
            + ")");
  }

  /** They differ in more than the name: a checkpoint that says both would run as one of the two. */
  private static void checkType(JsonObject json, Architecture architecture, String type) {
    for (Architecture other : values()) {
      if (other != architecture && other.modelType.equals(type)) {
        throw json.problem(
            "model_type",
            "is '"
                + type
                + "', but architectures names "
                + architecture.className
                + ": correct one");
      }
    }
  }
}
