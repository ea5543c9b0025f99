package io.aicoder.eval.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.eval.metric.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What samples had tried when the model failed them: a file for people that no run ever reads, so
 * that nothing half done is taken for a result.
 */
final class UnfinishedSamples {

  private static final ObjectMapper JSON = new ObjectMapper();

  private UnfinishedSamples() {}

  /** Adds one sample with the failure; a disk that fails too is noted in the failure. */
  static synchronized void append(Path file, Sample sample, AiCoderException failure) {
    ObjectNode line = JSON.createObjectNode();
    line.put("error", failure.getMessage());
    line.set("sample", JSON.valueToTree(sample));
    try {
      Files.writeString(
          file,
          JSON.writeValueAsString(line) + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }
}
