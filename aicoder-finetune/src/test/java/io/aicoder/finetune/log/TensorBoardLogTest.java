package io.aicoder.finetune.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.framework.Summary;
import org.tensorflow.util.Event;
import org.tensorflow.util.SessionLog;

/** Event files, read with TensorFlow's own message classes. */
class TensorBoardLogTest {

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static List<Event> events(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Event> events = new ArrayList<>();
    while (bytes.hasRemaining()) {
      byte[] data = new byte[(int) bytes.getLong()];
      bytes.getInt();
      bytes.get(data);
      bytes.getInt();
      events.add(parse(data));
    }
    return events;
  }

  private static Event parse(byte[] data) throws InvalidProtocolBufferException {
    Event event = Event.parseFrom(data);
    assertThat(event.getUnknownFields().asMap()).isEmpty();
    return event;
  }

  private static Map<String, Float> scalars(Event event) {
    return event.getSummary().getValueList().stream()
        .collect(
            Collectors.toMap(
                Summary.Value::getTag, Summary.Value::getSimpleValue, (a, b) -> b, TreeMap::new));
  }

  @Test
  void writesEventsThatTensorFlowReads(@TempDir Path folder) throws IOException {
    try (TensorBoardLog log = TensorBoardLog.open(folder.resolve("runs/a"), 0)) {
      Figures.tell(log, 1, 4);
    }
    Path file = files(folder.resolve("runs/a")).get(0);
    assertThat(file.getFileName().toString()).matches("events\\.out\\.tfevents\\.\\d{10}\\..*");
    List<Event> events = events(file);
    assertThat(events).hasSize(7);
    assertThat(events.get(0).getFileVersion()).isEqualTo("brain.Event:2");
    assertThat(events.get(5).getStep()).isEqualTo(4);
    assertThat(events.get(5).getWallTime()).isBetween(1.7e9, 1e10);
    assertThat(scalars(events.get(5)))
        .containsEntry("train/loss", 0.25f)
        .containsEntry("train/learning_rate", 1e-4f)
        .containsEntry("train/gradient_norm", 0.5f)
        .containsEntry("speed/tokens_per_second", 1234.5f)
        .containsEntry("memory/resident_bytes", (float) (3L << 29));
    assertThat(scalars(events.get(6)))
        .isEqualTo(Map.of("validation/loss", 0.5f, "scores/SR@All", 0.25f));
  }

  @Test
  void aResumedTrainingHasAFileOfItsOwnThatTakesStepsBack(@TempDir Path folder) throws IOException {
    try (TensorBoardLog log = TensorBoardLog.open(folder, 0)) {
      Figures.tell(log, 1, 300);
    }
    try (TensorBoardLog log = TensorBoardLog.open(folder, 200)) {
      Figures.tell(log, 201, 202);
    }
    List<Path> files = files(folder);
    assertThat(files).hasSize(2);
    keep(files);
    List<Event> events = events(files.get(1));
    assertThat(events.get(1).getSessionLog().getStatus()).isEqualTo(SessionLog.SessionStatus.START);
    assertThat(events.get(1).getStep()).isEqualTo(201);
    assertThat(events.get(2).getStep()).isEqualTo(201);
  }

  /** Leaves files after the test, for real TensorBoard: {@code read_events.py}. */
  private static void keep(List<Path> files) throws IOException {
    Path kept = Files.createDirectories(Path.of("target/events"));
    for (Path former : files(kept)) {
      Files.delete(former);
    }
    for (Path file : files) {
      Files.copy(file, kept.resolve(file.getFileName()));
    }
  }

  /** Length and masked check sum with which every file that TensorFlow writes begins. */
  @Test
  void framesRecordsWithMaskedChecksums() {
    assertThat(HexFormat.of().formatHex(TensorBoardEvent.version(1.5)))
        .startsWith("1800000000000000" + "a37f4b22" + "09")
        .contains("1a0d" + HexFormat.of().formatHex("brain.Event:2".getBytes(UTF_8)))
        .hasSize(2 * (8 + 4 + 24 + 4));
  }
}
