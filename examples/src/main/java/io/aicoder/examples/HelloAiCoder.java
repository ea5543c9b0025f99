package io.aicoder.examples;

import io.aicoder.AiCoder;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.TextStream;
import java.nio.file.Path;

/** The ten lines of the README. */
final class HelloAiCoder {

  private HelloAiCoder() {}

  public static void main(String[] args) {
    // README: begin
    try (AiCoder coder = AiCoder.load(Path.of("examples/nano/base"))) {
      coder.loadAdapter("aicoder", Path.of("examples/nano/adapter"));
      String task = "import torch\n\ndef scale(x):\n    \"\"\"Multiply the tensor by 2.\"\"\"\n";
      GenerationRequest request =
          GenerationRequest.chat(ChatMessage.user(task)).optAdapter("aicoder").build();
      try (TextStream stream = coder.stream(request)) {
        stream.forEachRemaining(System.out::print);
        System.out.printf("%n%.0f tokens/s%n", stream.result().decodeTokensPerSecond());
      }
    }
    // README: end
  }
}
