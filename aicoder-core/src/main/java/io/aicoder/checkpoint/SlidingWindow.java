package io.aicoder.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The layers in which a token sees only the newest tokens (Mistral, arXiv 2310.06825).
 *
 * @param size how many tokens one sees, itself included: {@code sliding_window}
 * @param firstLayer the first layer that has the window
 * @param fullLayers layers from there on that see everything all the same
 */
public record SlidingWindow(int size, int firstLayer, Set<Integer> fullLayers) {

  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";

  /** Makes the set immutable. */
  public SlidingWindow {
    fullLayers = Set.copyOf(fullLayers);
  }

  /** Whether a layer has the window. */
  public boolean covers(int layer) {
    return layer >= firstLayer && !fullLayers.contains(layer);
  }

  /** Reads the window of a {@code config.json}; {@code null} when all layers see everything. */
  static @Nullable SlidingWindow read(JsonObject json, Architecture architecture, int layers) {
    return switch (architecture) {
      case LLAMA -> null;
      case MISTRAL -> mistral(json);
      case QWEN2 -> qwen2(json, layers);
    };
  }

  /** As transformers: absent is 4096, null is none. */
  private static @Nullable SlidingWindow mistral(JsonObject json) {
    boolean none = json.node().has("sliding_window") && !json.has("sliding_window");
    return none ? null : new SlidingWindow(json.positive("sliding_window", 4096), 0, Set.of());
  }

  private static @Nullable SlidingWindow qwen2(JsonObject json, int layers) {
    boolean none = json.node().has("sliding_window") && !json.has("sliding_window");
    boolean used = json.flag("use_sliding_window", false) && !none;
    JsonNode types = json.node().path("layer_types");
    if (types.isMissingNode() || types.isNull()) {
      return used
          ? new SlidingWindow(
              json.positive("sliding_window", 4096),
              json.notNegative("max_window_layers", 28),
              Set.of())
          : null;
    }
    Set<Integer> full = fullLayers(json, types, layers);
    if (full.size() == layers) {
      return null;
    }
    if (!used) {
      throw json.problem(
          "layer_types",
          "has " + SLIDING + ", but use_sliding_window is false or sliding_window null");
    }
    return new SlidingWindow(json.positive("sliding_window", 4096), 0, full);
  }

  private static Set<Integer> fullLayers(JsonObject json, JsonNode types, int layers) {
    if (!types.isArray() || types.size() != layers) {
      throw json.problem("layer_types", "must be a list of num_hidden_layers " + layers + " texts");
    }
    Set<Integer> full = new HashSet<>();
    for (int layer = 0; layer < layers; layer++) {
      String type = types.get(layer).asText();
      if (type.equals(FULL)) {
        full.add(layer);
      } else if (!type.equals(SLIDING)) {
        throw json.problem(
            "layer_types",
            "holds '"
                + type
                + "', which is not supported (supported: "
                + FULL
                + ", "
                + SLIDING
                + ")");
      }
    }
    return full;
  }
}
