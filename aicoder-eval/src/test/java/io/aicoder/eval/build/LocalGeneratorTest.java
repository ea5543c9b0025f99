package io.aicoder.eval.build;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.AiCoder;
import io.aicoder.eval.Examples;
import io.aicoder.generate.ChatMessage;
import io.aicoder.llama.ComputeType;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real local model as the generator: it cannot call functions. */
class LocalGeneratorTest {

  @Test
  void itsAnswerBeginsAsTheCallsArguments(@TempDir Path folder) {
    try (AiCoder model =
            AiCoder.builder(Examples.repository().resolve("examples/nano/base"))
                .optComputeType(ComputeType.FP32)
                .build();
        Memory<Answer> memory =
            new Memory<>(folder.resolve("answers.jsonl"), Answer.class, Answer::key)) {
      Generator generator = new Generator(model, new Generator.Sampling(0.6, 48, 1), memory);

      Answer answer = generator.ask(List.of(ChatMessage.user("Write a function that adds.")), 0, 0);

      assertThat(answer.text()).matches("(?s)\\{\\s{0,41}\"function_name\":\\s{0,41}\".*");
      assertThat(FunctionSchema.read(answer.text()).problems()).isNotEmpty();
    }
  }
}
