package io.aicoder.finetune.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.finetune.data.Batch;
import io.aicoder.finetune.data.Position;
import io.aicoder.finetune.peft.AdapterFiles;
import io.aicoder.finetune.peft.NamedTensor;
import io.aicoder.finetune.peft.SavedAdapter;
import io.aicoder.llama.ComputeType;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.llama.Placement;
import io.aicoder.llama.TorchRuntime;
import io.aicoder.llama.TrainingProgram;
import io.aicoder.llama.WeightLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fifty steps go as with PEFT and PyTorch: {@code record_training.py} recorded them. */
class TrainingReferenceTest {

  private static final Path REFERENCES = Path.of("src/test/resources/references");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  static Stream<String> names() throws IOException {
    try (Stream<Path> folders = Files.list(REFERENCES)) {
      return folders.filter(Files::isDirectory).map(f -> f.getFileName().toString()).sorted().toList().stream();
    }
  }

  private final Map<String, Double> last = new HashMap<>();

  @ParameterizedTest
  @MethodSource("names")
  void fiftyStepsGoAsWithPeft(String name) throws IOException {
    Path folder = REFERENCES.resolve(name);
    JsonNode options = MAPPER.readTree(folder.resolve("options.json").toFile());
    JsonNode losses = MAPPER.readTree(folder.resolve("losses.json").toFile()).get("steps");
    Checkpoint base = Checkpoint.open(Path.of("..").resolve(options.get("base").asText()));
    boolean full = options.get("lora").isNull();
    boolean wide = options.get("dtype").asText().equals("float32");
    ComputeType type = wide ? ComputeType.FP32 : ComputeType.BF16;
    TorchRuntime.start(0);
    try (LlamaProgram program = WeightLoader.load(base, type, Placement.on("cpu"), (done, all) -> {})) {
      Learner.Start start = full ? fullStart(base) : adapterStart(base, folder.resolve(options.get("initial").asText()));
      TrainingProgram training =
          new TrainingProgram(
              program,
              start.trainables().stream().map(Trainable::parameter).toList(),
              new TrainingProgram.Options(true, 0, type, full && base.config().tiedEmbeddings()));
      try (Learner learner = new Learner(training, start, settings(options), List.of())) {
        List<Batch> batches = batches(options.get("batches").asText());
        int accumulation = options.get("accumulation").asInt();
        double worstLoss = 0, worstNorm = 0;
        for (int step = 0; step < losses.size(); step++) {
          List<Batch> micro = new ArrayList<>();
          for (int i = 0; i < accumulation; i++) {
            micro.add(batches.get((step * accumulation + i) % batches.size()));
          }
          Learner.Step done = learner.step(micro);
          JsonNode expected = losses.get(step);
          worstLoss = Math.max(worstLoss, Math.abs(done.loss() - expected.get("loss").asDouble()));
          worstNorm = Math.max(worstNorm, Math.abs(done.gradientNorm() / expected.get("gradient_norm").asDouble() - 1));
          assertThat(done.rate()).isCloseTo(expected.get("learning_rates").get(0).asDouble(), within(1e-9));
        }
        double worst = 0;
        Map<String, float[]> finals = full ? fullValues(Checkpoint.open(folder.resolve(options.get("final").asText()))) : values(SavedAdapter.open(folder.resolve(options.get("final").asText()), base));
        for (NamedTensor tensor : learner.tensors()) {
          float[] expected = finals.get(tensor.name());
          float[] actual = tensor.numbers();
          assertThat(actual).as(tensor.name()).hasSameSizeAs(expected);
          for (int i = 0; i < actual.length; i++) {
            worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
          }
        }
        System.out.printf(Locale.ROOT, "%s: loss %.2g norm %.2g final %.2g%n", name, worstLoss, worstNorm, worst);
        assertThat(worstLoss).isLessThan(wide ? 1e-4 : 0.1);
        assertThat(worst).isLessThan(wide ? 1e-3 : 0.02);
      }
    }
  }

  private static Learner.Start adapterStart(Checkpoint base, Path directory) {
    SavedAdapter adapter = SavedAdapter.open(directory, base);
    List<Trainable> trainables =
        Trainables.of(new AdapterFiles(adapter.options(), base.config()).layout());
    Map<String, float[]> values = values(adapter);
    return new Learner.Start(
        trainables, trainables.stream().map(t -> values.get(t.name())).toList(), 0, List.of());
  }

  private static Learner.Start fullStart(Checkpoint base) {
    List<Trainable> trainables = Trainables.all(base);
    return new Learner.Start(
        trainables,
        trainables.stream().map(t -> base.tensor(t.name()).values()).toList(),
        0,
        List.of());
  }

  private static Map<String, float[]> fullValues(Checkpoint checkpoint) {
    Map<String, float[]> values = new HashMap<>();
    Trainables.all(checkpoint).forEach(t -> values.put(t.name(), checkpoint.tensor(t.name()).values()));
    return values;
  }

  private static Map<String, float[]> values(SavedAdapter adapter) {
    Map<String, float[]> values = new HashMap<>();
    adapter.tensors().forEach(tensor -> values.put(tensor.name(), tensor.numbers()));
    return values;
  }

  private static Learner.Settings settings(JsonNode options) {
    JsonNode optimizer = options.get("optimizer");
    JsonNode schedule = options.get("schedule");
    String kind = schedule.get("name").asText().replace("_with_warmup", "");
    return new Learner.Settings(
        new AdamW.Settings(
            optimizer.get("betas").get(0).asDouble(),
            optimizer.get("betas").get(1).asDouble(),
            optimizer.get("eps").asDouble(),
            optimizer.get("weight_decay").asDouble(),
            optimizer.path("loraplus_lr_ratio").asDouble(1)),
        Schedule.valueOf(kind.toUpperCase(Locale.ROOT))
            .tracker(
                optimizer.get("lr").asDouble(),
                schedule.get("warmup_steps").asInt(),
                schedule.get("total_steps").asInt()),
        options.path("max_grad_norm").asDouble(0),
        0);
  }

  private static List<Batch> batches(String name) throws IOException {
    List<Batch> batches = new ArrayList<>();
    for (JsonNode batch : MAPPER.readTree(REFERENCES.resolve("batches.json").toFile()).get(name)) {
      batches.add(batch(batch.get("rows")));
    }
    return batches;
  }

  private static Batch batch(JsonNode rows) {
    int[][] ids = new int[rows.size()][];
    int[][] labels = new int[rows.size()][];
    int[][] positions = new int[rows.size()][];
    int[][] segments = new int[rows.size()][];
    int lossTokens = 0;
    for (int row = 0; row < rows.size(); row++) {
      ids[row] = MAPPER.convertValue(rows.get(row).get("ids"), int[].class);
      labels[row] = MAPPER.convertValue(rows.get(row).get("labels"), int[].class);
      positions[row] = MAPPER.convertValue(rows.get(row).get("positions"), int[].class);
      List<Integer> starts = new ArrayList<>();
      for (int t = 0; t < ids[row].length; t++) {
        if (positions[row][t] == 0) {
          starts.add(t);
        }
        lossTokens += labels[row][t] >= 0 ? 1 : 0;
      }
      starts.add(ids[row].length);
      segments[row] = starts.stream().mapToInt(Integer::intValue).toArray();
    }
    return new Batch(Position.START, ids, labels, positions, segments, lossTokens, List.of());
  }
}
