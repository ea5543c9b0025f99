package io.aicoder.finetune.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept, what is passed over, and what stays when something fails. */
class CheckpointFolderTest {

  private Path folder;

  @BeforeEach
  void place(@TempDir Path temporary) {
    folder = temporary.resolve("deep/out");
  }

  private CheckpointFolder open(int keep) {
    return CheckpointFolder.open(folder, keep);
  }

  private static void write(CheckpointFolder checkpoints, long step, @Nullable Double score) {
    checkpoints.write(
        step,
        score,
        100,
        directory -> {
          Files.createDirectory(directory.resolve("adapter"));
          Files.writeString(directory.resolve("adapter/weights"), "weights of " + step);
          Files.writeString(directory.resolve("state.json"), "state of " + step);
        });
  }

  private static long step(Optional<SavedCheckpoint> checkpoint) {
    return checkpoint.orElseThrow().step();
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.equals(".lock"))
          .sorted()
          .toList();
    }
  }

  @Test
  void readsWhatItWrote() throws IOException {
    try (CheckpointFolder checkpoints = open(1)) {
      assertThat(checkpoints.latest()).isEmpty();
      assertThat(checkpoints.best()).isEmpty();
      write(checkpoints, 7, 0.5);
    }
    try (CheckpointFolder checkpoints = open(1)) {
      SavedCheckpoint saved = checkpoints.latest().orElseThrow();
      assertThat(saved.step()).isEqualTo(7);
      assertThat(saved.score()).isEqualTo(0.5);
      assertThat(saved.files()).containsExactly("adapter/weights", "state.json");
      assertThat(saved.directory().resolve("adapter/weights")).hasContent("weights of 7");
    }
  }

  @Test
  void keepsTheNewestAndTheBest() throws IOException {
    try (CheckpointFolder checkpoints = open(2)) {
      write(checkpoints, 5, 0.25);
      write(checkpoints, 10, 0.75);
      write(checkpoints, 15, 0.75);
      write(checkpoints, 20, null);
      write(checkpoints, 100, 0.5);
      assertThat(names()).containsExactly("checkpoint-10", "checkpoint-100", "checkpoint-20");
      assertThat(step(checkpoints.latest())).isEqualTo(100);
      assertThat(step(checkpoints.best())).isEqualTo(10);
    }
  }

  @Test
  void passesOverDamagedOnesAndReplacesThem() throws IOException {
    try (CheckpointFolder checkpoints = open(3)) {
      write(checkpoints, 1, 0.1);
      write(checkpoints, 2, 0.3);
      write(checkpoints, 3, 0.2);
      Path newest = folder.resolve("checkpoint-3");
      Files.writeString(newest.resolve("state.json"), "state of 4");
      assertThat(step(checkpoints.latest())).isEqualTo(2);
      Files.writeString(folder.resolve("checkpoint-2/adapter/weights"), "short");
      assertThat(step(checkpoints.latest())).isEqualTo(1);
      assertThat(step(checkpoints.best())).isEqualTo(1);
      Files.delete(folder.resolve("checkpoint-1/state.json"));
      assertThat(checkpoints.latest()).isEmpty();

      write(checkpoints, 3, 0.2);
      assertThat(step(checkpoints.latest())).isEqualTo(3);
      assertThat(newest.resolve("state.json")).hasContent("state of 3");
    }
  }

  @Test
  void seesEveryChangedByte() throws IOException {
    try (CheckpointFolder checkpoints = open(2)) {
      write(checkpoints, 1, null);
      write(checkpoints, 2, 0.5);
      for (String name : List.of("checkpoint.json", "state.json", "adapter/weights")) {
        Path file = folder.resolve("checkpoint-2").resolve(name);
        byte[] bytes = Files.readAllBytes(file);
        for (int at = 0; at < bytes.length; at++) {
          byte[] changed = bytes.clone();
          changed[at] ^= 1;
          // White space between the manifest's tokens says nothing.
          if (name.equals("checkpoint.json") && bytes[at] <= ' ') {
            continue;
          }
          Files.write(file, changed);
          assertThat(step(checkpoints.latest())).as(name + " at " + at).isEqualTo(1);
        }
        for (int length = 0; length < bytes.length; length += 7) {
          Files.write(file, Arrays.copyOf(bytes, length));
          assertThat(step(checkpoints.latest())).as(name + " to " + length).isEqualTo(1);
        }
        Files.write(file, bytes);
      }
      assertThat(step(checkpoints.latest())).isEqualTo(2);
    }
  }

  @Test
  void aFailedWriteLeavesAllAsItWas() throws IOException {
    try (CheckpointFolder checkpoints = open(1)) {
      write(checkpoints, 1, null);
      for (long step : new long[] {1, 2}) {
        assertThatThrownBy(
                () ->
                    checkpoints.write(
                        step,
                        null,
                        10,
                        directory -> {
                          Files.writeString(directory.resolve("half"), "half");
                          throw new IOException("No space left on device");
                        }))
            .isInstanceOfSatisfying(
                AiCoderException.class,
                e -> assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT))
            .hasMessageContaining("checkpoint-" + step)
            .hasMessageContaining("No space left on device")
            .hasMessageContaining("earlier checkpoints are intact");
        assertThat(names()).containsExactly("checkpoint-1");
        assertThat(step(checkpoints.latest())).isEqualTo(1);
      }
      assertThatThrownBy(() -> checkpoints.write(3, null, 1L << 60, directory -> {}))
          .isInstanceOf(AiCoderException.class)
          .hasMessageContaining("free: make room");
      assertThat(names()).containsExactly("checkpoint-1");
    }
  }

  @Test
  void removesWhatKilledWritesLeftAndNothingElse() throws IOException {
    Path leftover = folder.resolve(".checkpoint-4.01234567-89ab-cdef-0123-456789abcdef/adapter");
    Files.createDirectories(leftover);
    Files.writeString(leftover.resolve("weights"), "half");
    Files.createDirectories(folder.resolve("checkpoint-old"));
    Files.writeString(folder.resolve("train.csv"), "step");
    try (CheckpointFolder checkpoints = open(1)) {
      write(checkpoints, 1, null);
      assertThat(names()).containsExactly("checkpoint-1", "checkpoint-old", "train.csv");
    }
  }

  @Test
  void isOneTrainingsAlone() {
    try (CheckpointFolder first = open(1)) {
      assertThat(first.latest()).isEmpty();
      assertThatThrownBy(() -> open(1))
          .isInstanceOf(AiCoderException.class)
          .hasMessageContaining("another training writes here");
    }
    open(1).close();
  }

  @Test
  void saysThatAFolderCannotBeWritten() throws IOException {
    Files.createDirectories(folder.getParent());
    Files.writeString(folder, "a file");
    assertThatThrownBy(() -> open(1))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT))
        .hasMessageContaining("choose another folder");
  }
}
