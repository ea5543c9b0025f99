package io.aicoder.checkpoint;

/** How rotary frequencies are changed for contexts longer than those first trained on. */
public sealed interface RopeScaling {

  /** Returns the name in {@code config.json}: {@code rope_type}. */
  String ropeType();

  /** Not at all. */
  record Default() implements RopeScaling {
    @Override
    public String ropeType() {
      return "default";
    }
  }

  /**
   * All frequencies divided by a factor (position interpolation, arXiv 2306.15595).
   *
   * @param factor the factor, at least 1 in practice
   */
  record Linear(double factor) implements RopeScaling {
    @Override
    public String ropeType() {
      return "linear";
    }
  }

  /**
   * Llama 3.1's: low frequencies divided, high ones kept, a blend between them.
   *
   * @param factor by how much low frequencies are divided
   * @param lowFrequencyFactor {@code low_freq_factor}
   * @param highFrequencyFactor {@code high_freq_factor}
   * @param originalMaxPositions {@code original_max_position_embeddings}
   */
  record Llama3(
      double factor,
      double lowFrequencyFactor,
      double highFrequencyFactor,
      double originalMaxPositions)
      implements RopeScaling {
    @Override
    public String ropeType() {
      return "llama3";
    }
  }
}
