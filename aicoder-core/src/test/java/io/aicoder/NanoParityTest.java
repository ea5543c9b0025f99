package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.fixture.Recording;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import io.aicoder.llama.ComputeType;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The trained nano model says what transformers and PEFT said: {@code record_nano.py}. */
@TestInstance(Lifecycle.PER_CLASS)
class NanoParityTest {

  private static final JsonNode RECORDING = Recording.read("nano/outputs.json");
  private static final int NEW_TOKENS = RECORDING.get("max_new_tokens").intValue();

  /** The recording has six significant digits; what remains is the order of summation. */
  private static final double LOGIT_TOLERANCE = 1e-3;

  private AiCoder fp32;
  private AiCoder bf16;

  @BeforeAll
  void load() {
    fp32 =
        AiCoder.builder(ModelDirectory.NANO)
            .optComputeType(ComputeType.FP32)
            .optAdapter(ModelDirectory.NANO_ADAPTER)
            .build();
    bf16 = AiCoder.load(ModelDirectory.NANO);
  }

  @AfterAll
  void close() {
    fp32.close();
    bf16.close();
  }

  static Stream<Named<JsonNode>> base() {
    return entries("base");
  }

  static Stream<Named<JsonNode>> adapter() {
    return entries("adapter");
  }

  private static Stream<Named<JsonNode>> entries(String kind) {
    return StreamSupport.stream(RECORDING.get(kind).spliterator(), false)
        .map(entry -> Named.of(entry.get("path").textValue(), entry));
  }

  @ParameterizedTest
  @MethodSource("base")
  void tokenizesAsTransformersDoes(JsonNode entry) {
    assertThat(fp32.encode(entry.get("prompt_text").textValue()))
        .isEqualTo(Recording.ids(entry.get("prompt_ids")));
  }

  @ParameterizedTest
  @MethodSource("base")
  void theBaseModelAnswersAsTransformersDoes(JsonNode entry) {
    assertSame(entry, fp32.generate(request(entry).optAdapter(AiCoder.BASE).build()));
  }

  @ParameterizedTest
  @MethodSource("adapter")
  void theAdapterAnswersAsPeftDoes(JsonNode entry) {
    assertSame(entry, fp32.generate(request(entry).build()));
  }

  @ParameterizedTest
  @MethodSource("base")
  void inBf16TheAnswersAreStillTheSame(JsonNode entry) {
    assertThat(bf16.computeType()).isEqualTo(ComputeType.BF16);
    assertThat(bf16.generate(request(entry).build()).ids())
        .isEqualTo(Recording.ids(entry.get("output_ids_bf16")));
  }

  private static GenerationRequest.Builder request(JsonNode entry) {
    return GenerationRequest.tokens(Recording.ids(entry.get("prompt_ids")))
        .optMaxNewTokens(NEW_TOKENS)
        .optTemperature(0.0)
        .optPromptLogits(true);
  }

  private static void assertSame(JsonNode entry, GenerationResult result) {
    assertThat(result.ids()).isEqualTo(Recording.ids(entry.get("output_ids")));
    assertThat(result.text()).isEqualTo(entry.get("output_text").textValue());
    assertThat(Recording.largestDifference(entry.get("last_logits"), result.promptLogits()))
        .isLessThan(LOGIT_TOLERANCE);
  }
}
