package io.aicoder.finetune.peft;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * What LoRA adapts, and how strongly: the options of PEFT's {@code LoraConfig} that can be trained
 * here, with the paper's defaults.
 *
 * <p>An adapted module computes {@code W x + scaling · B A x}, with A of shape {@code [rank, in]}
 * and B of {@code [out, rank]} (LoRA: arXiv 2106.09685).
 *
 * {@snippet :
 * LoraOptions paper = LoraOptions.defaults(); // r 8, alpha 32, all linear layers
 * LoraOptions larger =
 *     LoraOptions.builder().optRank(16).optAlpha(32).optUseRslora(true).optDropout(0.05).build();
 * }
 *
 * <p>Whether the modules that it names are there is seen when it meets a base model, in {@link
 * AdapterFiles}. Immutable.
 *
 * @param rank {@code r}: the rank of the factors, at least 1
 * @param alpha {@code lora_alpha}: the scaling is {@code alpha / rank}; above 0
 * @param dropout {@code lora_dropout}: the share of a module's inputs that the factors do not see
 *     in a step, from 0 to below 1
 * @param targetModules {@code target_modules}: names of modules, or the ends of names from a dot on
 * @param rankPattern {@code rank_pattern}: other ranks, by regular expressions that the end of a
 *     module's name matches; the first that matches counts, in the order of the texts, as PEFT
 *     sorts them when it saves
 * @param alphaPattern {@code alpha_pattern}: other alphas, likewise
 * @param useRslora {@code use_rslora}: the scaling is {@code alpha / √rank} (arXiv 2312.03732)
 * @param useDora {@code use_dora}: magnitudes are trained beside the factors (arXiv 2402.09353)
 * @param bias {@code bias}: which biases of the base are trained
 * @param loraBias {@code lora_bias}: whether B has a bias; not with DoRA
 * @param modulesToSave {@code modules_to_save}: modules that are trained whole, {@code
 *     embed_tokens} and {@code lm_head} at most
 * @param layersToTransform {@code layers_to_transform}: the layers that are adapted, from 0; empty
 *     for all
 * @param ensureWeightTying {@code ensure_weight_tying}: whether embedding and head, where the base
 *     ties them, are trained as one
 * @param baseModel {@code base_model_name_or_path}: the name of the base model, or {@code null}
 */
public record LoraOptions(
    int rank,
    double alpha,
    double dropout,
    List<String> targetModules,
    SortedMap<String, Integer> rankPattern,
    SortedMap<String, Double> alphaPattern,
    boolean useRslora,
    boolean useDora,
    Bias bias,
    boolean loraBias,
    List<String> modulesToSave,
    List<Integer> layersToTransform,
    boolean ensureWeightTying,
    @Nullable String baseModel) {

  /** The seven matrices of a decoder layer, in the order of their names. */
  public static final List<String> ALL_LINEAR =
      List.of("down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj");

  /** Which biases of the base are trained; only bases that have biases know a difference. */
  public enum Bias {
    /** None. */
    NONE,
    /** All, also of modules without factors. */
    ALL,
    /** Those of the adapted modules. */
    LORA_ONLY
  }

  /**
   * Checks the options and copies them; names are sorted, doubles dropped.
   *
   * @throws AiCoderException (REQUEST) when one is out of range or two exclude one another
   */
  public LoraOptions {
    require(rank >= 1, "rank", rank, "it must be at least 1");
    require(alpha > 0 && Double.isFinite(alpha), "alpha", alpha, "it must be above 0");
    require(dropout >= 0 && dropout < 1, "dropout", dropout, "it must be from 0 to below 1");
    targetModules =
        targetModules.equals(List.of("all-linear"))
            ? ALL_LINEAR
            : sorted("target modules", targetModules);
    require(!targetModules.isEmpty(), "target modules", "empty", "name what to adapt");
    rankPattern = Collections.unmodifiableSortedMap(new TreeMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableSortedMap(new TreeMap<>(alphaPattern));
    rankPattern.keySet().forEach(key -> requireExpression("rank pattern", key));
    alphaPattern.keySet().forEach(key -> requireExpression("alpha pattern", key));
    rankPattern.forEach(
        (key, value) -> require(value >= 1, "rank of " + key, value, "it must be at least 1"));
    alphaPattern.forEach(
        (key, value) ->
            require(
                value > 0 && Double.isFinite(value),
                "alpha of " + key,
                value,
                "it must be above 0"));
    require(!(useDora && loraBias), "lora bias", true, "PEFT has none beside DoRA: choose one");
    modulesToSave = List.copyOf(new TreeSet<>(modulesToSave));
    for (String module : modulesToSave) {
      require(
          module.matches("(?:model\\.)?embed_tokens|lm_head"),
          "modules to save",
          module,
          "only embed_tokens and lm_head can be trained whole");
    }
    layersToTransform = List.copyOf(new TreeSet<>(layersToTransform));
    for (int layer : layersToTransform) {
      require(layer >= 0, "layers to transform", layer, "layers count from 0");
    }
  }

  private static List<String> sorted(String option, List<String> names) {
    names.forEach(name -> require(!name.isBlank(), option, "'" + name + "'", "give a name"));
    return List.copyOf(new TreeSet<>(names));
  }

  private static void requireExpression(String option, String expression) {
    try {
      Pattern.compile(expression);
    } catch (PatternSyntaxException e) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          option + " holds '" + expression + "': it must be a regular expression",
          e);
    }
  }

  private static void require(boolean right, String option, Object value, String remedy) {
    if (!right) {
      throw new AiCoderException(ErrorCategory.REQUEST, option + " is " + value + ": " + remedy);
    }
  }

  /** Returns the paper's options: r 8, alpha 32, all linear layers, nothing else. */
  public static LoraOptions defaults() {
    return builder().build();
  }

  /** Returns a builder that begins with the paper's options. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns a builder that begins with these options. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.rank = rank;
    builder.alpha = alpha;
    builder.dropout = dropout;
    builder.targetModules = targetModules;
    builder.rankPattern = rankPattern;
    builder.alphaPattern = alphaPattern;
    builder.useRslora = useRslora;
    builder.useDora = useDora;
    builder.bias = bias;
    builder.loraBias = loraBias;
    builder.modulesToSave = modulesToSave;
    builder.layersToTransform = layersToTransform;
    builder.ensureWeightTying = ensureWeightTying;
    builder.baseModel = baseModel;
    return builder;
  }

  /** Collects options; they are checked when all are there. Not thread-safe. */
  public static final class Builder {

    private int rank = 8;
    private double alpha = 32;
    private double dropout;
    private List<String> targetModules = ALL_LINEAR;
    private Map<String, Integer> rankPattern = Map.of();
    private Map<String, Double> alphaPattern = Map.of();
    private boolean useRslora;
    private boolean useDora;
    private Bias bias = Bias.NONE;
    private boolean loraBias;
    private List<String> modulesToSave = List.of();
    private List<Integer> layersToTransform = List.of();
    private boolean ensureWeightTying;
    private @Nullable String baseModel;

    private Builder() {}

    /** Sets the rank of the factors; 8 when not set. */
    public Builder optRank(int value) {
      rank = value;
      return this;
    }

    /** Sets what the product of the factors is scaled by, times the rank; 32 when not set. */
    public Builder optAlpha(double value) {
      alpha = value;
      return this;
    }

    /** Sets the share of inputs that the factors do not see; 0 when not set. */
    public Builder optDropout(double value) {
      dropout = value;
      return this;
    }

    /**
     * Sets what is adapted, by names or their ends; {@link #ALL_LINEAR}, which PEFT calls {@code
     * all-linear}, when not set.
     */
    public Builder optTargetModules(List<String> values) {
      targetModules = List.copyOf(values);
      return this;
    }

    /** Sets other ranks, by regular expressions for the ends of names; none when not set. */
    public Builder optRankPattern(Map<String, Integer> values) {
      rankPattern = new LinkedHashMap<>(values);
      return this;
    }

    /** Sets other alphas, by regular expressions for the ends of names; none when not set. */
    public Builder optAlphaPattern(Map<String, Double> values) {
      alphaPattern = new LinkedHashMap<>(values);
      return this;
    }

    /** Sets whether the scaling is {@code alpha / √rank}; it is not when not set. */
    public Builder optUseRslora(boolean value) {
      useRslora = value;
      return this;
    }

    /** Sets whether magnitudes are trained beside the factors; they are not when not set. */
    public Builder optUseDora(boolean value) {
      useDora = value;
      return this;
    }

    /** Sets which biases of the base are trained; none when not set. */
    public Builder optBias(Bias value) {
      bias = value;
      return this;
    }

    /** Sets whether B has a bias; it has none when not set. */
    public Builder optLoraBias(boolean value) {
      loraBias = value;
      return this;
    }

    /**
     * Sets which of {@code embed_tokens} and {@code lm_head} are trained whole; none if not set.
     */
    public Builder optModulesToSave(List<String> values) {
      modulesToSave = List.copyOf(values);
      return this;
    }

    /** Sets the layers that are adapted, from 0; all when not set or empty. */
    public Builder optLayersToTransform(List<Integer> values) {
      layersToTransform = List.copyOf(values);
      return this;
    }

    /** Sets whether tied embedding and head are trained as one; they are not when not set. */
    public Builder optEnsureWeightTying(boolean value) {
      ensureWeightTying = value;
      return this;
    }

    /** Sets the name of the base model that the adapter's files give; none when not set. */
    public Builder optBaseModel(@Nullable String value) {
      baseModel = value;
      return this;
    }

    /**
     * Checks the options.
     *
     * @throws AiCoderException (REQUEST) when one is out of range or two exclude one another
     */
    public LoraOptions build() {
      return new LoraOptions(
          rank,
          alpha,
          dropout,
          targetModules,
          new TreeMap<>(rankPattern),
          new TreeMap<>(alphaPattern),
          useRslora,
          useDora,
          bias,
          loraBias,
          modulesToSave,
          layersToTransform,
          ensureWeightTying,
          baseModel);
    }
  }
}
