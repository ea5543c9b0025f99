package io.aicoder.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.aicoder.AiCoder;
import io.aicoder.error.AiCoderException;
import io.aicoder.fixture.ModelDirectory;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The configuration files of a checkpoint and of an adapter. */
class ConfigFuzzTest {

  private static FuzzedModel model;
  private static FuzzedModel defaults;
  private static FuzzedModel adapter;
  private static Path base;
  private static AiCoder coder;
  private static int adapters;

  @BeforeAll
  static void copy(@TempDir Path directory) {
    model = FuzzedModel.of("tied", directory.resolve("config"));
    defaults = FuzzedModel.of("tied", directory.resolve("defaults"));
    // A context without end, so that the number of new tokens alone bounds what is asked for.
    new ModelDirectory(defaults.directory())
        .config(json -> json.put("max_position_embeddings", Integer.MAX_VALUE));
    adapter = FuzzedModel.of(ModelDirectory.adapter("q_v", directory));
    base = FuzzedModel.of("tied", directory.resolve("base")).directory();
    coder = AiCoder.load(base);
  }

  @AfterAll
  static void close() {
    coder.close();
  }

  /** {@code config.json}. */
  @FuzzTest
  void config(byte[] json) {
    model.with("config.json", json).run();
  }

  /** {@code generation_config.json}. */
  @FuzzTest
  void generationConfig(byte[] json) {
    defaults.with("generation_config.json", json).run();
  }

  /** {@code adapter_config.json}. */
  @FuzzTest
  void adapterConfig(byte[] json) {
    adapter.with("adapter_config.json", json);
    try {
      coder.loadAdapter("a" + adapters++, adapter.directory());
    } catch (AiCoderException e) {
      FuzzedModel.requireMessage(e);
    }
    if (adapters % 200 == 0) {
      // Adapters that were accepted are still in memory.
      coder.close();
      coder = AiCoder.load(base);
    }
  }
}
