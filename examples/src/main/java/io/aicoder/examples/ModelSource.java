package io.aicoder.examples;

import io.aicoder.AiCoder;
import io.aicoder.CodeModel;
import io.aicoder.eval.remote.Prices;
import io.aicoder.eval.remote.RecordedModel;
import io.aicoder.eval.remote.RecordingModel;
import io.aicoder.eval.remote.RemoteModel;
import io.aicoder.llama.ComputeType;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** A model: a directory, a name behind an OpenAI-compatible endpoint, or a recording of either. */
class ModelSource {

  @Option(
      names = {"--model", "--remote-model"},
      paramLabel = "DIR|NAME",
      description = "a Hugging Face Llama directory; with --endpoint the model's name there")
  private @Nullable String model;

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description = "an OpenAI-compatible endpoint, such as http://localhost:8000/v1")
  private @Nullable String endpoint;

  @Option(
      names = "--key-variable",
      paramLabel = "NAME",
      defaultValue = "OPENAI_API_KEY",
      description = "the environment variable with the key; default ${DEFAULT-VALUE}")
  private String keyVariable = "OPENAI_API_KEY";

  @Option(
      names = "--prices",
      paramLabel = "USD,USD",
      converter = PricePair.class,
      description = "dollars for a million prompt tokens and a million generated ones: 2.5,10")
  private @Nullable Prices prices;

  @Option(names = "--requests-per-minute", paramLabel = "N", description = "no more than these")
  private @Nullable Integer requestsPerMinute;

  @Option(names = "--tokens-per-minute", paramLabel = "N", description = "no more than these")
  private @Nullable Integer tokensPerMinute;

  @Option(names = "--record", paramLabel = "FILE", description = "write down what it answers")
  private @Nullable Path record;

  @Option(
      names = "--replay",
      paramLabel = "FILE",
      description = "answer from what --record wrote, without the model")
  private @Nullable Path replay;

  /** Takes two prices with a comma between. */
  static final class PricePair implements ITypeConverter<Prices> {
    @Override
    public Prices convert(String pair) {
      if (!pair.matches("[\\d.]+,[\\d.]+")) {
        throw new TypeConversionException("'" + pair + "' is not two prices: write 2.5,10");
      }
      String[] parts = pair.split(",");
      return new Prices(Double.parseDouble(parts[0]), Double.parseDouble(parts[1]));
    }
  }

  /** Refuses options that do not go together. */
  void check(CommandLine command) {
    if (replay == null && model == null) {
      throw new ParameterException(command, "give --model or --replay");
    }
    if (replay == null && endpoint == null && prices != null) {
      throw new ParameterException(command, "--prices goes with --endpoint");
    }
  }

  /** Returns whether the model's directory is here. */
  boolean isLocal() {
    return replay == null && endpoint == null;
  }

  /**
   * Opens the model, which the caller closes.
   *
   * @param options how to compute, of a directory
   * @param absent the number format of a directory when none is asked for
   */
  CodeModel open(ModelOptions options, @Nullable ComputeType absent) {
    if (replay != null) {
      return RecordedModel.load(replay);
    }
    String name = Objects.requireNonNull(model);
    CodeModel opened =
        endpoint == null ? local(options.builder(Path.of(name), absent)) : remote(endpoint, name);
    return record == null ? opened : new RecordingModel(opened, record);
  }

  /** Loads a directory. */
  AiCoder local(AiCoder.Builder builder) {
    return builder.build();
  }

  private CodeModel remote(String address, String name) {
    return RemoteModel.builder(address, name)
        .optApiKey(Objects.requireNonNullElse(System.getenv(keyVariable), "none"))
        .optRequestsPerMinute(requestsPerMinute)
        .optTokensPerMinute(tokensPerMinute)
        .optPrices(prices)
        .build();
  }
}
