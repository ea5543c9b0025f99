package io.aicoder.finetune.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.finetune.data.Batch;
import io.aicoder.finetune.data.Position;
import io.aicoder.finetune.peft.AdapterFiles;
import io.aicoder.finetune.peft.NamedTensor;
import io.aicoder.finetune.peft.SavedAdapter;
import io.aicoder.llama.ComputeType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** A training that {@code record_training.py} recorded. */
final class RecordedTraining {

  private static final Path REFERENCES = Path.of("src/test/resources/references");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path folder;
  private final JsonNode options;

  RecordedTraining(String name) {
    folder = REFERENCES.resolve(name);
    options = read(folder.resolve("options.json"));
  }

  static List<String> names() {
    try (Stream<Path> folders = Files.list(REFERENCES)) {
      return folders
          .filter(Files::isDirectory)
          .map(folder -> String.valueOf(folder.getFileName()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode read(Path file) {
    try {
      return MAPPER.readTree(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode shared(String name) {
    return read(REFERENCES.resolve(name));
  }

  Checkpoint base() {
    return Checkpoint.open(Path.of("..").resolve(options.get("base").asText()));
  }

  /** Whether all parameters are trained, not an adapter. */
  boolean full() {
    return options.get("lora").isNull();
  }

  boolean tiedHead() {
    return full() ? base().config().tiedEmbeddings() : files().tiedHead();
  }

  ComputeType format() {
    return options.get("dtype").asText().equals("float32") ? ComputeType.FP32 : ComputeType.BF16;
  }

  List<JsonNode> steps() {
    List<JsonNode> steps = new ArrayList<>();
    read(folder.resolve("losses.json")).get("steps").forEach(steps::add);
    return steps;
  }

  Learner.Start start() {
    if (full()) {
      return start(Trainables.all(base()), values(base()));
    }
    return start(Trainables.of(files()), values(initial()));
  }

  /** Returns what writes an adapter with the options that PEFT wrote. */
  AdapterFiles files() {
    return new AdapterFiles(initial().options(), base().config());
  }

  private SavedAdapter initial() {
    return SavedAdapter.open(folder.resolve(options.get("initial").asText()), base());
  }

  private static Learner.Start start(List<Trainable> trainables, Map<String, float[]> values) {
    List<float[]> ordered =
        trainables.stream()
            .map(each -> Objects.requireNonNull(values.get(each.name()), each.name()))
            .toList();
    return new Learner.Start(trainables, ordered, 0, List.of());
  }

  /** Returns the trained tensors at the end, by name. */
  Map<String, float[]> end() {
    Path end = folder.resolve(options.get("final").asText());
    if (full()) {
      return values(Checkpoint.open(end));
    }
    Map<String, float[]> values = values(SavedAdapter.open(end, base()));
    values
        .keySet()
        .retainAll(files().trained().keySet()); // not a tied head, which is written twice
    return values;
  }

  private static Map<String, float[]> values(Checkpoint checkpoint) {
    Map<String, float[]> values = new HashMap<>();
    Trainables.all(checkpoint)
        .forEach(each -> values.put(each.name(), checkpoint.tensor(each.name()).values()));
    return values;
  }

  private static Map<String, float[]> values(SavedAdapter adapter) {
    Map<String, float[]> values = new HashMap<>();
    for (NamedTensor tensor : adapter.tensors()) {
      values.put(tensor.name(), tensor.numbers());
    }
    return values;
  }

  Learner.Settings settings() {
    JsonNode optimizer = options.get("optimizer");
    JsonNode schedule = options.get("schedule");
    return new Learner.Settings(
        new AdamW.Settings(
            optimizer.get("betas").get(0).asDouble(),
            optimizer.get("betas").get(1).asDouble(),
            optimizer.get("eps").asDouble(),
            optimizer.get("weight_decay").asDouble(),
            optimizer.path("loraplus_lr_ratio").asDouble(1)),
        schedule(schedule)
            .tracker(
                optimizer.get("lr").asDouble(),
                schedule.get("warmup_steps").asInt(),
                schedule.get("total_steps").asInt()),
        options.path("max_grad_norm").asDouble(0),
        0);
  }

  static Schedule schedule(JsonNode recorded) {
    String name = recorded.get("name").asText().replace("_with_warmup", "");
    return Schedule.valueOf(name.toUpperCase(Locale.ROOT));
  }

  /** Returns the micro-batches of a step, counted from 0. */
  List<Batch> batches(int step) {
    JsonNode all = shared("batches.json").get(options.get("batches").asText());
    int accumulation = options.get("accumulation").asInt();
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < accumulation; i++) {
      batches.add(batch(all.get((step * accumulation + i) % all.size()).get("rows")));
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
