package io.aicoder.finetune.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.error.AiCoderException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints written by processes that are killed as {@code kill -9} does, or run out of disk. */
class KilledWriterTest {

  private static final int FILES = 5;
  private static final int BYTES = 400_000;
  private static final int KILLS = 6;

  /** The process that is killed: one argument, the folder. Says each step that it has written. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    try (CheckpointFolder checkpoints = CheckpointFolder.open(folder.resolve("out"), 2)) {
      long step = checkpoints.latest().map(SavedCheckpoint::step).orElse(0L);
      while (true) {
        step++;
        write(checkpoints, step);
        Files.writeString(folder.resolve("written"), String.valueOf(step));
      }
    } catch (AiCoderException e) {
      Files.writeString(folder.resolve("error"), String.valueOf(e.getMessage()));
    }
  }

  private static void write(CheckpointFolder checkpoints, long step) {
    checkpoints.write(
        step,
        null,
        (long) FILES * BYTES,
        directory -> {
          for (int file = 0; file < FILES; file++) {
            Files.write(directory.resolve("part-" + file), content(step, file));
          }
        });
  }

  private static byte[] content(long step, int file) {
    byte[] bytes = new byte[BYTES];
    Arrays.fill(bytes, (byte) file);
    ByteBuffer.wrap(bytes).putLong(step);
    return bytes;
  }

  @Test
  void aKilledProcessLeavesTheLastWholeCheckpoint(@TempDir Path folder) throws Exception {
    Random random = new Random(1);
    for (int kill = 0; kill < KILLS; kill++) {
      long before = written(folder);
      Process process = start(folder, "exec");
      while (process.isAlive() && written(folder) < before + 2) {
        Thread.sleep(1);
      }
      Thread.sleep(random.nextInt(20));
      process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);

      try (CheckpointFolder checkpoints = CheckpointFolder.open(folder.resolve("out"), 2)) {
        Optional<SavedCheckpoint> latest = checkpoints.latest();
        assertThat(latest.orElseThrow().step())
            .as(error(folder))
            .isGreaterThanOrEqualTo(written(folder));
        assertWhole(latest.orElseThrow());
      }
    }
    assertThat(folder.resolve("out")).isDirectoryNotContaining("glob:**/.checkpoint-*");
  }

  /** A limit on the size of files fails a write as a full disk does: in the middle. */
  @Test
  void aFullDiskLeavesTheLastWholeCheckpoint(@TempDir Path folder) throws Exception {
    try (CheckpointFolder checkpoints = CheckpointFolder.open(folder.resolve("out"), 2)) {
      write(checkpoints, 1);
    }
    Process process = start(folder, "ulimit -f 100 && exec");
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();

    assertThat(error(folder))
        .contains("checkpoint-2: the checkpoint cannot be written")
        .contains("earlier checkpoints are intact");
    try (CheckpointFolder checkpoints = CheckpointFolder.open(folder.resolve("out"), 2)) {
      assertThat(checkpoints.latest().orElseThrow().step()).isEqualTo(1);
      assertWhole(checkpoints.latest().orElseThrow());
    }
  }

  private static void assertWhole(SavedCheckpoint checkpoint) throws IOException {
    for (int file = 0; file < FILES; file++) {
      assertThat(checkpoint.directory().resolve("part-" + file))
          .hasBinaryContent(content(checkpoint.step(), file));
    }
  }

  private static String error(Path folder) throws IOException {
    Path file = folder.resolve("error");
    return Files.exists(file) ? Files.readString(file) : "";
  }

  private static long written(Path folder) throws IOException {
    Path file = folder.resolve("written");
    String text = Files.exists(file) ? Files.readString(file) : "";
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private static Process start(Path folder, String how) throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("bash", "-c", how + " \"$@\"", "bash"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(KilledWriterTest.class.getName(), folder.toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
