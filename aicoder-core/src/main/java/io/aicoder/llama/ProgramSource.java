package io.aicoder.llama;

import io.aicoder.checkpoint.LlamaConfig;
import io.aicoder.checkpoint.RopeScaling;
import io.aicoder.llama.TorchScriptArchive.EmptyContainer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The program's text in the resources, and the attributes that make it one architecture's. */
final class ProgramSource {

  /** The modules beside the main one. */
  private static final List<String> MODULES =
      List.of(
          "linear", "adapter", "quantize", "weightonly", "rope", "sampling", "trained", "training");

  /** The files that make up the main module, one behind the other. */
  private static final List<String> MAIN = List.of("llama", "llama_loading", "llama_training");

  private static final List<String> TENSOR_LISTS =
      List.of(
          "files", "staged", "staged_bias", "embedding", "norms", "cache", "cos", "sin", "logits");

  /** The product of one row and a matrix in the source, and what stands for it without oneDNN. */
  private static final String ONEDNN_PRODUCT =
      "ops.mkldnn._linear_pointwise(x, weight, None, \"none\", annotate(List[Optional[number]], []), \"\")";

  private static final String ORIGINAL = "original_max_position_embeddings";

  private static final String PLAIN_PRODUCT = "torch.linear(x, weight)";

  private ProgramSource() {}

  /**
   * Writes the archive that libtorch loads.
   *
   * @param out where to; stays open
   * @param onednn whether the libtorch that will load it has oneDNN
   * @throws IOException when {@code out} fails
   */
  static void write(OutputStream out, LlamaConfig config, boolean onednn) throws IOException {
    Map<String, String> sources = new LinkedHashMap<>();
    StringBuilder main = new StringBuilder();
    for (String file : MAIN) {
      main.append(read(file));
    }
    sources.put(TorchScriptArchive.MODULE, main.toString());
    for (String module : MODULES) {
      String source = read(module);
      sources.put(
          TorchScriptArchive.MODULE + "." + module,
          onednn ? source : source.replace(ONEDNN_PRODUCT, PLAIN_PRODUCT));
    }
    TorchScriptArchive.write(out, sources, "Llama", attributes(config));
  }

  private static String read(String module) throws IOException {
    String name = module + ".py";
    try (InputStream in = ProgramSource.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("resource " + name + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Map<String, Object> attributes(LlamaConfig config) {
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("training", false);
    attributes.put("on_cpu", true);
    attributes.put("layers", config.layers());
    attributes.put("heads", config.heads());
    attributes.put("kv_heads", config.keyValueHeads());
    attributes.put("head_dim", config.headSize());
    attributes.put("eps", config.rmsNormEpsilon());
    attributes.put("rotary_dim", config.rotarySize());
    attributes.put("rope_type", config.ropeScaling().ropeType());
    attributes.put("rope", rope(config));
    attributes.put("windows", new EmptyContainer("List[int]"));
    TENSOR_LISTS.forEach(list -> attributes.put(list, new EmptyContainer("List[Tensor]")));
    attributes.put("devices", new EmptyContainer("List[str]"));
    attributes.put("starts", new EmptyContainer("List[int]"));
    attributes.put("linears", new EmptyContainer("List[__torch__.linear.Linear]"));
    attributes.put("stepped", new EmptyContainer("List[List[Tensor]]"));
    attributes.put("trained", new EmptyContainer("List[__torch__.training.Training]"));
    attributes.put("sampler", new EmptyContainer("List[__torch__.sampling.Sampler]"));
    attributes.put("masks", new EmptyContainer("Dict[int, Tensor]"));
    attributes.put("adapters", new EmptyContainer("Dict[int, __torch__.adapter.Adapter]"));
    return attributes;
  }

  /** The numbers that rope.py reads, under their names in config.json. */
  private static Map<String, Double> rope(LlamaConfig config) {
    Map<String, Double> rope = new LinkedHashMap<>();
    rope.put("rope_theta", config.ropeTheta());
    RopeScaling scaling = config.ropeScaling();
    if (scaling instanceof RopeScaling.Linear linear) {
      rope.put("factor", linear.factor());
    } else if (scaling instanceof RopeScaling.Dynamic dynamic) {
      rope.put("factor", dynamic.factor());
      rope.put(ORIGINAL, (double) config.maxPositions());
    } else if (scaling instanceof RopeScaling.Llama3 llama3) {
      rope.put("factor", llama3.factor());
      rope.put("low_freq_factor", llama3.lowFrequencyFactor());
      rope.put("high_freq_factor", llama3.highFrequencyFactor());
      rope.put(ORIGINAL, llama3.originalMaxPositions());
    } else if (scaling instanceof RopeScaling.Yarn yarn) {
      rope.put("factor", yarn.factor());
      rope.put("attention_factor", yarn.attentionFactor());
      rope.put("beta_fast", yarn.betaFast());
      rope.put("beta_slow", yarn.betaSlow());
      rope.put("truncate", yarn.truncate() ? 1.0 : 0.0);
      rope.put(ORIGINAL, yarn.originalMaxPositions());
    }
    return rope;
  }
}
