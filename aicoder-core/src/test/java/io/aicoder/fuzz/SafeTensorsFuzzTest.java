package io.aicoder.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.fixture.SafeTensorsFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Weights: the safetensors format itself, the index of shards, adapters. */
class SafeTensorsFuzzTest {

  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String ADAPTER = "adapter_model.safetensors";

  private static FuzzedModel single;
  private static FuzzedModel sharded;
  private static FuzzedModel adapter;
  private static Checkpoint base;
  private static byte[] data;

  @BeforeAll
  static void copy(@TempDir Path directory) throws IOException {
    single = FuzzedModel.of("tied", directory.resolve("single"));
    sharded = FuzzedModel.of("sharded", directory.resolve("sharded"));
    adapter = FuzzedModel.of(ModelDirectory.adapter("q_v", directory));
    base = Checkpoint.open(single.directory());
    byte[] file = Files.readAllBytes(Recording.path("checkpoints/tied/" + WEIGHTS));
    int header = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    data = Arrays.copyOfRange(file, 8 + header, file.length);
  }

  /** The JSON header of a file whose length and data are right. */
  @FuzzTest
  void header(byte[] json) {
    single.with(WEIGHTS, SafeTensorsFile.bytes(json, data)).run();
  }

  /** A whole file. */
  @FuzzTest
  void file(byte[] content) {
    single.with(WEIGHTS, content).run();
  }

  /** The index of a checkpoint in shards. */
  @FuzzTest
  void index(byte[] json) {
    sharded.with(INDEX, json).run();
  }

  /** An adapter's whole file. */
  @FuzzTest
  void adapter(byte[] content) {
    adapter.with(ADAPTER, content);
    try {
      LoraAdapter.open(adapter.directory(), base).fingerprint();
    } catch (AiCoderException e) {
      FuzzedModel.requireMessage(e);
    }
  }
}
