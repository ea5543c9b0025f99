package io.aicoder.examples;

import io.aicoder.finetune.LoraFineTuner;
import io.aicoder.finetune.peft.LoraOptions;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** What is trained: the options of {@link LoraOptions}, by PEFT's names where it has some. */
final class LoraArguments {

  private static final String ADAPTER = "--adapter";
  private static final String ALL = "--all-parameters";

  @Option(names = "--rank", paramLabel = "R", defaultValue = "8", description = "r; 8 when absent")
  private int rank = 8;

  @Option(
      names = "--alpha",
      paramLabel = "X",
      defaultValue = "32",
      description = "lora_alpha; 32 when absent")
  private double alpha = 32;

  @Option(
      names = "--dropout",
      paramLabel = "X",
      defaultValue = "0",
      description = "lora_dropout; 0 when absent")
  private double dropout;

  @Option(
      names = "--target-modules",
      paramLabel = "NAME",
      split = ",",
      description = "what is adapted; all linear layers when absent")
  private List<String> targets = LoraOptions.ALL_LINEAR;

  @Option(
      names = "--layers",
      paramLabel = "N",
      split = ",",
      description = "layers_to_transform; all when absent")
  private List<Integer> layers = List.of();

  @Option(
      names = "--rank-pattern",
      paramLabel = "NAME=R",
      split = ",",
      description = "ranks of modules by expressions")
  private Map<String, Integer> rankPattern = Map.of();

  @Option(
      names = "--alpha-pattern",
      paramLabel = "NAME=X",
      split = ",",
      description = "alphas of modules by expressions")
  private Map<String, Double> alphaPattern = Map.of();

  @Option(names = "--rslora", description = "use_rslora: alpha / √r (arXiv 2312.03732)")
  private boolean rslora;

  @Option(names = "--dora", description = "use_dora: magnitudes apart (arXiv 2402.09353)")
  private boolean dora;

  @Option(
      names = "--bias",
      paramLabel = "WHICH",
      defaultValue = "none",
      description = "which of the base's biases are trained: none, all, lora_only")
  private LoraOptions.Bias bias = LoraOptions.Bias.NONE;

  @Option(names = "--lora-bias", description = "lora_bias: B has a bias")
  private boolean loraBias;

  @Option(
      names = "--modules-to-save",
      paramLabel = "NAME",
      split = ",",
      description = "trained whole: embed_tokens, lm_head")
  private List<String> saved = List.of();

  @Option(
      names = "--ensure-weight-tying",
      description =
          "ensure_weight_tying: an embedding and head that the base ties are trained as one")
  private boolean tied;

  @Option(
      names = "--base-model-name",
      paramLabel = "NAME",
      description = "base_model_name_or_path, for PEFT; the folder of --model when absent")
  private @Nullable String baseModel;

  @Option(
      names = ADAPTER,
      paramLabel = "DIR",
      description = "a PEFT adapter to go on from, with its options in place of these")
  private @Nullable Path adapter;

  @Option(names = ALL, description = "trains the whole model, without an adapter")
  private boolean all;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  boolean all() {
    return all;
  }

  /** Options that would be passed over are a slip. */
  private void refuseUnused() {
    if (adapter == null && !all) {
      return;
    }
    ParseResult parsed = spec.commandLine().getParseResult();
    List<String> unused =
        parsed.matchedOptions().stream()
            .filter(LoraArguments::ofNewAdapter)
            .map(OptionSpec::longestName)
            .toList();
    if (!unused.isEmpty()) {
      String reason =
          all
              ? ALL + " trains no adapter"
              : "the adapter that " + ADAPTER + " names has its own options";
      throw new ParameterException(
          spec.commandLine(), String.join(", ", unused) + ": " + reason + ": leave them out");
    }
  }

  /** All options of this class, but the two that make the others needless. */
  private static boolean ofNewAdapter(OptionSpec option) {
    return option.userObject() instanceof Field field
        && field.getDeclaringClass() == LoraArguments.class
        && !List.of(ADAPTER, ALL).contains(option.longestName());
  }

  void configure(LoraFineTuner.Builder builder) {
    refuseUnused();
    builder
        .optLora(
            LoraOptions.builder()
                .optRank(rank)
                .optAlpha(alpha)
                .optDropout(dropout)
                .optTargetModules(targets)
                .optLayersToTransform(layers)
                .optRankPattern(rankPattern)
                .optAlphaPattern(alphaPattern)
                .optUseRslora(rslora)
                .optUseDora(dora)
                .optBias(bias)
                .optLoraBias(loraBias)
                .optModulesToSave(saved)
                .optEnsureWeightTying(tied)
                .optBaseModel(baseModel)
                .build())
        .optStartFrom(adapter)
        .optAllParameters(all);
  }
}
