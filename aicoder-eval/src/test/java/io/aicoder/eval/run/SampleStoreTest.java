package io.aicoder.eval.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Sample.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleStoreTest {

  private final Path file;

  SampleStoreTest(@TempDir Path folder) {
    file = folder.resolve("samples.jsonl");
  }

  private static Sample sample(String key) {
    Step step =
        new Step(
            null,
            null,
            "p\u2028\ud83d\ude00",
            "a\n",
            "c",
            "raised",
            "E: x",
            1,
            3,
            "o\u0000",
            "e",
            2,
            3,
            4,
            5,
            0.5,
            1e-9);
    return new Sample(key, "test/1", 0, "nlp", "torch", List.of(step));
  }

  private void write(String text) throws IOException {
    Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Test
  void findsWhatItKept() {
    try (SampleStore store = SampleStore.open(file)) {
      store.add(sample("a"));
      store.add(sample("b"));
      assertThat(store.find("a")).isEqualTo(sample("a"));
    }
    try (SampleStore store = SampleStore.open(file)) {
      assertThat(store.find("a")).isEqualTo(sample("a"));
      assertThat(store.find("b")).isEqualTo(sample("b"));
      assertThat(store.find("c")).isNull();
    }
  }

  @Test
  void dropsATornLastLine() throws IOException {
    try (SampleStore store = SampleStore.open(file)) {
      store.add(sample("a"));
    }
    byte[] whole = Files.readAllBytes(file);
    for (int torn : new int[] {1, whole.length / 2, whole.length - 1}) {
      Files.write(file, whole);
      byte[] half = Arrays.copyOf(whole, torn);
      Files.write(file, half, StandardOpenOption.APPEND);
      try (SampleStore store = SampleStore.open(file)) {
        assertThat(store.find("a")).isEqualTo(sample("a"));
        store.add(sample("b"));
      }
      assertThat(Files.readAllLines(file)).hasSize(2);
      try (SampleStore store = SampleStore.open(file)) {
        assertThat(store.find("b")).isEqualTo(sample("b"));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"key\":",
        "",
        "null",
        "[]",
        "{\"path\":\"test/0\"}",
        "{\"key\":\"k\",\"task_id\":\"t\",\"sample\":0,\"domain\":\"d\",\"library\":\"l\"}",
        "{\"key\":\"k\",\"task_id\":\"t\",\"sample\":0,\"domain\":\"d\",\"library\":\"l\","
            + "\"steps\":[{\"prompt\":\"p\"}]}",
        "{\"key\":\"k\",\"task_id\":\"t\",\"sample\":0,\"domain\":\"d\",\"library\":\"l\","
            + "\"steps\":[null]}",
      })
  void refusesALineThatIsNoSampleAndLeavesTheFileAlone(String line) throws IOException {
    try (SampleStore store = SampleStore.open(file)) {
      store.add(sample("a"));
    }
    write(line + "\n");
    byte[] before = Files.readAllBytes(file);
    assertThatThrownBy(() -> SampleStore.open(file))
        .isInstanceOfSatisfying(
            AiCoderException.class, e -> assertThat(e.category()).isEqualTo(ErrorCategory.INPUT))
        .hasMessageStartingWith(file + ": line 2: ")
        .hasMessageContaining("delete the line, or choose another output folder");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  void leavesAFileOfAnotherKindAlone() throws IOException {
    write("my only copy of something else");
    assertThatThrownBy(() -> SampleStore.open(file))
        .hasMessageContaining("line 1: is no line of samples");
    assertThat(Files.readString(file)).isEqualTo("my only copy of something else");
  }

  @Test
  void refusesAFileThatAnotherRunWrites() {
    try (SampleStore store = SampleStore.open(file)) {
      assertThat(store.find("a")).isNull();
      assertThatThrownBy(() -> SampleStore.open(file)).hasMessageContaining("another run");
    }
  }
}
