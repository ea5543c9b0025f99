package io.aicoder.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.aicoder.error.AiCoderException;
import io.aicoder.generate.ChatMessage;
import io.aicoder.text.ChatTemplate;
import io.aicoder.text.Detokenizer;
import io.aicoder.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The files between text and tokens. */
class TextFilesFuzzTest {

  private static final List<ChatMessage> CHAT =
      List.of(
          ChatMessage.system("Answer. {{ 7 }}"),
          ChatMessage.user("  x = 'a' {% raw %}\n"),
          ChatMessage.assistant("y"),
          ChatMessage.user("ünï"));

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "def f(x):\n\treturn x  ",
          "<|bos|>  a <|eot|>b<|eot|>",
          "ünï ▁ 😀 e\u0301 \u0000 \uFFFD \r\n\r\n 1234567",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");

  private static FuzzedModel model;

  @BeforeAll
  static void copy(@TempDir Path directory) {
    model = FuzzedModel.of("tied", directory);
  }

  /** {@code tokenizer_config.json}, with the template in it. */
  @FuzzTest
  void tokenizerConfig(byte[] json) {
    model.with("tokenizer_config.json", json);
    render();
  }

  /** {@code chat_template.jinja}. */
  @FuzzTest
  void chatTemplate(byte[] jinja) {
    model.with("chat_template.jinja", jinja);
    render();
  }

  private static void render() {
    try {
      ChatTemplate template = ChatTemplate.open(model.directory());
      if (template != null) {
        template.render(CHAT, true);
        template.render(List.of(), false);
      }
    } catch (AiCoderException e) {
      FuzzedModel.requireMessage(e);
    }
  }

  /** {@code tokenizer.json}: the native library must never see what would make it abort. */
  @FuzzTest
  void tokenizer(byte[] json) {
    model.with("tokenizer.json", json);
    try (Tokenizer tokenizer = Tokenizer.open(model.directory())) {
      for (String text : TEXTS) {
        List<Integer> ids = tokenizer.encodePrompt(text);
        tokenizer.decode(ids);
        Detokenizer detokenizer = new Detokenizer(tokenizer);
        ids.forEach(detokenizer::add);
        detokenizer.finish();
      }
    } catch (AiCoderException e) {
      FuzzedModel.requireMessage(e);
    }
  }
}
