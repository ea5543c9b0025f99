package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.FixedLogits;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.generate.TextStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Generations that would go on for minutes end at once when somebody asks for it. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CancellationTest {

  /** Takes minutes: the model always says the same letter and knows no end. */
  private static final GenerationRequest ENDLESS =
      GenerationRequest.tokens(List.of(1)).optMaxNewTokens(900_000).build();

  private static final GenerationRequest SHORT =
      GenerationRequest.tokens(List.of(1)).optMaxNewTokens(4).build();

  private AiCoder coder;

  @BeforeEach
  void load(@TempDir Path directory) throws IOException {
    double[] logits = new double[64];
    logits[33] = 5;
    FixedLogits.write(directory, logits);
    Files.copy(ModelDirectory.NANO.resolve("tokenizer.json"), directory.resolve("tokenizer.json"));
    coder = AiCoder.load(directory);
  }

  @AfterEach
  void close() {
    coder.close();
  }

  @Test
  void aStreamThatIsCancelledEndsWithWhatThereIs() {
    try (TextStream stream = coder.stream(ENDLESS)) {
      String first = stream.next();
      stream.cancel();
      GenerationResult result = stream.result();
      assertThat(result.finishReason()).isEqualTo(new FinishReason.Cancelled());
      assertThat(result.finishReason().wireName()).isEqualTo("cancelled");
      assertThat(result.text()).startsWith(first).isEqualTo(coder.decode(result.ids()));
      assertThat(result.ids().size()).isLessThan(100_000);
    }
    assertThat(coder.generate(SHORT).ids()).hasSize(4);
  }

  @Test
  void aStreamThatIsClosedFreesTheEngine() {
    try (TextStream stream = coder.stream(ENDLESS)) {
      assertThat(stream.hasNext()).isTrue();
    }
    assertThat(coder.generate(SHORT).ids()).hasSize(4);
  }

  @Test
  void aRequestThatIsCancelledWhileItWaitsMakesNothing() {
    try (TextStream running = coder.stream(ENDLESS);
        TextStream waiting = coder.stream(ENDLESS)) {
      assertThat(running.hasNext()).isTrue();
      waiting.cancel();
      running.cancel();
      assertThat(waiting.result().finishReason()).isEqualTo(new FinishReason.Cancelled());
      assertThat(waiting.result().ids()).isEmpty();
    }
  }

  @Test
  void anInterruptedReaderCancels() throws InterruptedException {
    TextStream running = coder.stream(ENDLESS);
    assertThat(running.hasNext()).isTrue();
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    Thread reader =
        new Thread(
            () -> {
              try {
                coder.generate(ENDLESS); // waits behind the other
              } catch (AiCoderException e) {
                thrown.set(e);
              }
            });
    reader.start();
    reader.interrupt();
    reader.join();
    assertThat(thrown.get())
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("interrupted while waiting");
    running.close();
    assertThat(coder.generate(SHORT).ids()).hasSize(4);
  }

  @Test
  void closingTheModelEndsWhatRunsAndRefusesWhatWaits() throws Exception {
    TextStream running = coder.stream(ENDLESS);
    assertThat(running.hasNext()).isTrue();
    TextStream waiting = coder.stream(SHORT);
    CompletableFuture<GenerationResult> reader = CompletableFuture.supplyAsync(running::result);
    coder.close();
    assertThat(reader.get(10, TimeUnit.SECONDS).finishReason())
        .isEqualTo(new FinishReason.Cancelled());
    assertClosed(waiting::result);
  }

  @Test
  void aClosedModelRefusesEverything() {
    coder.close();
    coder.close();
    assertClosed(() -> coder.generate(SHORT));
    assertClosed(() -> coder.stream(GenerationRequest.text("x").build()));
    assertClosed(() -> coder.countTokens("x"));
    assertClosed(() -> coder.encode("x"));
  }

  private static void assertClosed(Runnable use) {
    assertThatThrownBy(use::run)
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.EXECUTION))
        .hasMessage("the model is closed: keep it open while requests run");
  }

  @Test
  void aContextThatMemoryCannotHoldIsRefusedAndTheNextIsServed(@TempDir Path directory)
      throws IOException {
    ModelDirectory model = ModelDirectory.copy(ModelDirectory.NANO, directory);
    model.config(config -> config.put("max_position_embeddings", Integer.MAX_VALUE));
    try (AiCoder nano = AiCoder.load(model.path())) {
      GenerationRequest.Builder request = GenerationRequest.tokens(List.of(1));
      assertThatThrownBy(() -> nano.generate(request.optMaxNewTokens(Integer.MAX_VALUE).build()))
          .isInstanceOf(AiCoderException.class)
          .hasMessageContaining(
              "there is no memory for the keys and values of 2147483647 tokens: 8192.0 GiB are needed");
      assertThat(nano.generate(request.optMaxNewTokens(4).build()).ids()).hasSize(4);
    }
  }
}
