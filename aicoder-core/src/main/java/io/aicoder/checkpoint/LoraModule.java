package io.aicoder.checkpoint;

import java.util.ArrayList;
import java.util.List;

/**
 * A module that LoRA can adapt.
 *
 * @param name its full name, such as {@code model.layers.0.mlp.up_proj}
 * @param in how many numbers go in; the vocabulary for the embedding
 * @param out how many come out
 * @param biased whether the base has a bias for it
 */
record LoraModule(String name, int in, int out, boolean biased) {

  /** What stands before the names of a causal language model's modules in an adapter's file. */
  static final String PREFIX = "base_model.model.";

  static final String EMBEDDING = LoraAdapter.EMBEDDING;
  static final String HEAD = LoraAdapter.HEAD;

  /** Returns all modules of a base model. */
  static List<LoraModule> of(LlamaConfig base) {
    List<LoraModule> modules = new ArrayList<>();
    modules.add(new LoraModule(EMBEDDING, base.vocabularySize(), base.hiddenSize(), false));
    for (int layer = 0; layer < base.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        modules.add(
            new LoraModule(
                projection.module(layer),
                projection.in(base),
                projection.out(base),
                projection.biased(base)));
      }
    }
    modules.add(new LoraModule(HEAD, base.hiddenSize(), base.vocabularySize(), false));
    return modules;
  }

  boolean embedding() {
    return name.equals(EMBEDDING);
  }

  boolean head() {
    return name.equals(HEAD);
  }

  /** Returns the name of the factor that is applied first, in an adapter's file. */
  String a() {
    return PREFIX + name + (embedding() ? ".lora_embedding_A" : ".lora_A.weight");
  }

  /** Returns the name of the factor that is applied second. */
  String b() {
    return PREFIX + name + (embedding() ? ".lora_embedding_B" : ".lora_B.weight");
  }

  /** Returns the name of the bias of the second factor. */
  String loraBias() {
    return PREFIX + name + ".lora_B.bias";
  }

  /** Returns the name of DoRA's magnitudes. */
  String magnitude() {
    return PREFIX + name + ".lora_magnitude_vector";
  }

  /** Returns the name of a tensor of the module itself, such as {@code weight}, saved whole. */
  String own(String tensor) {
    return PREFIX + name + "." + tensor;
  }

  /** Returns the name of a tensor of the module itself where factors stand beside it. */
  String ownBeside(String tensor) {
    return PREFIX + name + ".base_layer." + tensor;
  }

  /** Returns the name of the rows of trainable tokens. */
  String rows() {
    return PREFIX + name + ".token_adapter.trainable_tokens_delta";
  }
}
