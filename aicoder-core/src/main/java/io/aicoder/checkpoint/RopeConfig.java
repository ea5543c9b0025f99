package io.aicoder.checkpoint;

/**
 * Reads what a {@code config.json} says about rotary positions, with the precedence and the
 * defaults of transformers 5.
 */
final class RopeConfig {

  private static final String ORIGINAL = "original_max_position_embeddings";

  private final JsonObject json;
  private final int maxPositions;

  /** The object that describes the scaling; that of the whole file where there is none. */
  private final JsonObject rope;

  RopeConfig(JsonObject json, int maxPositions) {
    this.json = json;
    this.maxPositions = maxPositions;
    JsonObject old = json.optObject("rope_scaling");
    JsonObject parameters = json.optObject("rope_parameters");
    if (old != null && !old.node().isEmpty()) {
      this.rope = old;
    } else {
      this.rope = parameters == null ? json : parameters;
    }
    for (String nested : new String[] {"full_attention", "sliding_attention"}) {
      if (rope.has(nested)) {
        throw rope.problem(nested, "is not supported: all layers must have the same positions");
      }
    }
  }

  double theta() {
    return thetaHolder().positiveNumber("rope_theta", 10000.0);
  }

  private JsonObject thetaHolder() {
    return rope.has("rope_theta") ? rope : json;
  }

  /** Returns how many of a head's numbers are turned: the first {@code partial_rotary_factor}. */
  int rotarySize(int headSize) {
    JsonObject holder = rope.has("partial_rotary_factor") ? rope : json;
    double part = holder.positiveNumber("partial_rotary_factor", 1.0);
    int size = (int) Math.min(Integer.MAX_VALUE, headSize * part);
    if (size < 2 || size > headSize || size % 2 != 0) {
      throw holder.problem(
          "partial_rotary_factor",
          "is %s: of head_dim %d, %d would be turned, which must be even and from 2 to head_dim"
              .formatted(part, headSize, size));
    }
    return size;
  }

  RopeScaling scaling(int rotarySize) {
    if (rope == json) {
      return new RopeScaling.Default();
    }
    // Early checkpoints say "type" where later ones say "rope_type".
    String field = rope.has("rope_type") || !rope.has("type") ? "rope_type" : "type";
    String type = rope.text(field, "default");
    return switch (type) {
      case "default" -> new RopeScaling.Default();
      case "linear" -> new RopeScaling.Linear(rope.positiveNumber("factor", null));
      case "dynamic" -> dynamic(rotarySize);
      case "llama3" -> llama3();
      case "yarn" -> yarn();
      default ->
          throw rope.problem(
              field,
              "'"
                  + type
                  + "' is not supported (supported: default, linear, dynamic, llama3, yarn)");
    };
  }

  private RopeScaling.Dynamic dynamic(int rotarySize) {
    if (rotarySize == 2) {
      throw json.problem("head_dim", "has 2 turned numbers: dynamic scaling needs more");
    }
    double factor = rope.positiveNumber("factor", null);
    if (factor < 1) {
      throw rope.problem("factor", "is " + factor + ": dynamic scaling needs at least 1");
    }
    return new RopeScaling.Dynamic(factor);
  }

  private RopeScaling.Llama3 llama3() {
    RopeScaling.Llama3 scaling =
        new RopeScaling.Llama3(
            rope.positiveNumber("factor", null),
            rope.positiveNumber("low_freq_factor", null),
            rope.positiveNumber("high_freq_factor", null),
            originalMaxPositions());
    if (scaling.highFrequencyFactor() <= scaling.lowFrequencyFactor()) {
      throw rope.problem("high_freq_factor", "must be above low_freq_factor");
    }
    return scaling;
  }

  private RopeScaling.Yarn yarn() {
    if (theta() <= 1) {
      throw thetaHolder().problem("rope_theta", "is 1 or less: yarn scaling needs more");
    }
    double original = originalMaxPositions();
    double factor = rope.positiveNumber("factor", maxPositions / original);
    return new RopeScaling.Yarn(
        factor,
        rope.positiveNumber("attention_factor", attentionFactor(factor)),
        orElse("beta_fast", 32),
        orElse("beta_slow", 1),
        // As transformers: absent is true, null is false.
        rope.flag("truncate", !rope.node().has("truncate")),
        original);
  }

  private double attentionFactor(double factor) {
    double scale = rope.notNegativeNumber("mscale", 0);
    double scaleAllDimensions = rope.notNegativeNumber("mscale_all_dim", 0);
    return scale > 0 && scaleAllDimensions > 0
        ? sharpness(factor, scale) / sharpness(factor, scaleAllDimensions)
        : sharpness(factor, 1);
  }

  private static double sharpness(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
  }

  /** As transformers: absent and 0 are the default. */
  private double orElse(String field, double otherwise) {
    double value = rope.notNegativeNumber(field, otherwise);
    return value == 0 ? otherwise : value;
  }

  private double originalMaxPositions() {
    JsonObject holder = json.has(ORIGINAL) ? json : rope;
    return holder.positiveNumber(ORIGINAL, (double) maxPositions);
  }
}
