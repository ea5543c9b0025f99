package io.aicoder.llama;

import io.aicoder.checkpoint.LoraAdapter;

/**
 * A tensor that is trained.
 *
 * @param module the full name of its module, such as {@code model.layers.0.mlp.up_proj}, {@link
 *     LoraAdapter#EMBEDDING}, {@link LoraAdapter#HEAD} or {@code model.norm}
 * @param kind what it is in there
 * @param scaling what B A x is multiplied by; that of A counts
 */
public record TrainedParameter(String module, Kind kind, double scaling) {

  /** What a trained tensor is to its module. */
  public enum Kind {
    /** The factor that is applied first, {@code [r, in]}. */
    LORA_A,
    /** The factor that is applied second, {@code [out, r]}. */
    LORA_B,
    /** DoRA's magnitudes, {@code [out]}. */
    MAGNITUDE,
    /** The module's own matrix, {@code [out, in]}, or a norm's {@code [hidden_size]}. */
    WEIGHT,
    /** The module's own bias, {@code [out]}. */
    BIAS,
    /** A bias of B, scaled as B is, {@code [out]}. */
    LORA_BIAS
  }
}
