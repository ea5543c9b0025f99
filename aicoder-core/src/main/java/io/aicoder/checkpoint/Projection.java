package io.aicoder.checkpoint;

/**
 * The seven matrices of a decoder layer, in the order in which the program numbers them; also what
 * LoRA adapts.
 */
public enum Projection {
  /** Queries. */
  Q("self_attn.q_proj"),
  /** Keys. */
  K("self_attn.k_proj"),
  /** Values. */
  V("self_attn.v_proj"),
  /** The output of attention. */
  O("self_attn.o_proj"),
  /** The gate of the MLP. */
  GATE("mlp.gate_proj"),
  /** The upward half of the MLP. */
  UP("mlp.up_proj"),
  /** The way back from the MLP. */
  DOWN("mlp.down_proj");

  private final String module;

  Projection(String module) {
    this.module = module;
  }

  /** Returns the module's name inside a layer, such as {@code self_attn.q_proj}. */
  public String module() {
    return module;
  }

  /** Returns the module's full name, such as {@code model.layers.3.self_attn.q_proj}. */
  public String module(int layer) {
    return "model.layers." + layer + "." + module;
  }

  /** Returns how many numbers go in. */
  public int in(LlamaConfig config) {
    return switch (this) {
      case Q, K, V, GATE, UP -> config.hiddenSize();
      case O -> config.heads() * config.headSize();
      case DOWN -> config.intermediateSize();
    };
  }

  /** Returns how many numbers come out. */
  public int out(LlamaConfig config) {
    return switch (this) {
      case Q -> config.heads() * config.headSize();
      case K, V -> config.keyValueHeads() * config.headSize();
      case O, DOWN -> config.hiddenSize();
      case GATE, UP -> config.intermediateSize();
    };
  }

  /** Whether the checkpoint has a bias for it. */
  public boolean biased(LlamaConfig config) {
    return switch (this) {
      case Q, K, V -> config.attentionBias();
      case O -> config.attentionBias() && config.architecture() == Architecture.LLAMA;
      case GATE, UP, DOWN -> config.mlpBias();
    };
  }
}
