package io.aicoder.checkpoint;

/** How rotary frequencies are changed for contexts longer than those first trained on. */
public sealed interface RopeScaling {

  /** Returns the name in {@code config.json}: {@code rope_type}. */
  String ropeType();

  /**
   * Returns how many positions the model has.
   *
   * @param maxPositions {@code max_position_embeddings}
   */
  default int contextLength(int maxPositions) {
    return maxPositions;
  }

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
   * A base that grows with the text once that is longer than what was trained on ("dynamic NTK").
   * The positions of a prompt are turned by the length of the whole prompt, each later one by the
   * length up to itself; keys that are cached stay as they are, as in transformers.
   *
   * @param factor how fast the base grows; the context is so many times longer
   */
  record Dynamic(double factor) implements RopeScaling {
    @Override
    public String ropeType() {
      return "dynamic";
    }

    @Override
    public int contextLength(int maxPositions) {
      return (int) Math.min(Integer.MAX_VALUE, Math.max(1, factor) * maxPositions);
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

  /**
   * YaRN (arXiv 2309.00071): frequencies divided by a factor as far as they turn slowly, and
   * attention made a little sharper.
   *
   * @param factor by how much slow frequencies are divided
   * @param attentionFactor what cosines and sines are multiplied by: {@code attention_factor}, or
   *     what follows from {@code factor}, {@code mscale} and {@code mscale_all_dim}
   * @param betaFast {@code beta_fast}: frequencies of more turns stay as they are
   * @param betaSlow {@code beta_slow}: frequencies of fewer turns are divided in full
   * @param truncate whether the two bounds are rounded to whole dimensions
   * @param originalMaxPositions {@code original_max_position_embeddings}
   */
  record Yarn(
      double factor,
      double attentionFactor,
      double betaFast,
      double betaSlow,
      boolean truncate,
      double originalMaxPositions)
      implements RopeScaling {
    @Override
    public String ropeType() {
      return "yarn";
    }

    @Override
    public int contextLength(int maxPositions) {
      return (int)
          Math.min(Integer.MAX_VALUE, Math.max(maxPositions, factor * originalMaxPositions));
    }
  }
}
