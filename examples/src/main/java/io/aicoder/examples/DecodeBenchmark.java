package io.aicoder.examples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.AiCoder;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures prefill and decode of one stream. */
@Command(
    name = "DecodeBenchmark",
    description = "Measures prefill and decode of one stream; prints one JSON line.")
final class DecodeBenchmark implements Callable<Integer> {

  @Mixin private HelpOption help = new HelpOption();

  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Mixin private BenchmarkModel model = new BenchmarkModel();
  @Mixin private ModelOptions modelOptions = new ModelOptions();

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "default ${DEFAULT-VALUE}")
  private int promptTokens;

  @Option(
      names = "--new-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "default ${DEFAULT-VALUE}")
  private int newTokens;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "5",
      description =
          "measured runs after one that warms up; the median counts; default ${DEFAULT-VALUE}")
  private int repeat;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (promptTokens < 1 || newTokens < 2 || repeat < 1) {
      throw new IllegalArgumentException(
          "--prompt-tokens and --repeat must be at least 1, --new-tokens at least 2");
    }
    Path directory = model.directory();
    long started = System.nanoTime();
    try (AiCoder coder = modelOptions.builder(directory).build()) {
      double loadSeconds = (System.nanoTime() - started) / 1e9;
      GenerationRequest request = request(coder.config().vocabularySize());
      coder.generate(request);
      List<GenerationResult> results = new ArrayList<>();
      for (int run = 0; run < repeat; run++) {
        results.add(coder.generate(request));
      }
      spec.commandLine().getOut().println(line(coder, results, loadSeconds));
    }
    return 0;
  }

  private GenerationRequest request(int vocabulary) {
    Random random = new Random(0);
    List<Integer> prompt = random.ints(promptTokens, 0, vocabulary).boxed().toList();
    return GenerationRequest.tokens(prompt)
        .optMaxNewTokens(newTokens)
        .optTemperature(0.0)
        .optIgnoreEos(true)
        .build();
  }

  private String line(AiCoder coder, List<GenerationResult> results, double loadSeconds)
      throws JsonProcessingException {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("model", model.label());
    line.put("dtype", coder.computeType().name().toLowerCase(Locale.ROOT));
    line.put("quantization", modelOptions.quantization().label());
    line.put("threads", modelOptions.threads());
    line.put("prompt_tokens", promptTokens);
    line.put("new_tokens", newTokens);
    line.put(
        "prefill_tokens_per_second", median(results, GenerationResult::prefillTokensPerSecond));
    line.put("decode_tokens_per_second", median(results, GenerationResult::decodeTokensPerSecond));
    line.put("load_seconds", round(loadSeconds));
    line.put("peak_rss_mib", BenchmarkModel.peakRssMib());
    return MAPPER.writeValueAsString(line);
  }

  private static double median(
      List<GenerationResult> results, ToDoubleFunction<GenerationResult> figure) {
    double[] sorted = results.stream().mapToDouble(figure).sorted().toArray();
    int middle = sorted.length / 2;
    return round(
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
  }

  private static double round(double value) {
    return Math.round(value * 100) / 100.0;
  }
}
