package io.aicoder.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * Reads a {@code tokenizer.json} and checks what the native library does not: it would end the JVM
 * over some files that are JSON but no tokenizer. So the parts that Llama tokenizers are made of
 * are let through, and no others.
 */
final class TokenizerFile {

  /** Three times what the largest vocabularies in use have; a tree of more could fill the heap. */
  private static final long MOST_TOKENS = 8_000_000;

  private static final long LARGEST = 128L << 20;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxTokenCount(MOST_TOKENS).build())
                  .build())
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  /**
   * The steps of a tokenizer: the field of its inner steps when it is a sequence, and its types.
   */
  private static final Map<String, Step> STEPS =
      Map.of(
          "normalizer",
          new Step(
              "normalizers",
              Set.of(
                  "Sequence",
                  "NFC",
                  "NFD",
                  "NFKC",
                  "NFKD",
                  "Prepend",
                  "Replace",
                  "Lowercase",
                  "ByteLevel")),
          "pre_tokenizer",
          new Step(
              "pretokenizers",
              Set.of(
                  "Sequence",
                  "ByteLevel",
                  "Split",
                  "Metaspace",
                  "Digits",
                  "Whitespace",
                  "WhitespaceSplit",
                  "Punctuation")),
          "post_processor",
          new Step("processors", Set.of("Sequence", "ByteLevel", "TemplateProcessing")),
          "decoder",
          new Step(
              "decoders",
              Set.of(
                  "Sequence",
                  "ByteLevel",
                  "Replace",
                  "ByteFallback",
                  "Fuse",
                  "Strip",
                  "Metaspace",
                  "BPEDecoder")));

  private TokenizerFile() {}

  private record Step(String inner, Set<String> types) {}

  /**
   * Returns the content of a file that the native library can be given.
   *
   * @throws IOException when it cannot be read, or is no tokenizer of a Llama
   */
  static byte[] read(Path file) throws IOException {
    require(Files.size(file) <= LARGEST, "it is larger than " + (LARGEST >> 20) + " MiB");
    byte[] bytes = Files.readAllBytes(file);
    try {
      JsonNode root = MAPPER.readTree(bytes);
      if (root == null || !root.path("model").isObject()) {
        throw new IOException("it has no field 'model'");
      }
      checkModel(root.get("model"));
      for (JsonNode token : root.path("added_tokens")) {
        checkAddedToken(token);
      }
      require(
          root.path("post_processor").findValues("single").size() <= 1,
          "its post_processor has several templates");
      for (Map.Entry<String, Step> step : STEPS.entrySet()) {
        checkStep(step.getKey(), root.path(step.getKey()), step.getValue());
      }
      return bytes;
    } catch (JsonProcessingException e) {
      throw new IOException("not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static void checkModel(JsonNode model) throws IOException {
    if (!model.path("type").asText().equals("BPE")) {
      throw new IOException("model.type must be BPE, not " + model.path("type"));
    }
    JsonNode prefix = model.path("continuing_subword_prefix");
    if (!prefix.asText("").isEmpty()) {
      throw new IOException("model.continuing_subword_prefix is not supported");
    }
  }

  private static void checkAddedToken(JsonNode token) throws IOException {
    String content = token.path("content").asText();
    boolean strips = token.path("lstrip").asBoolean() || token.path("rstrip").asBoolean();
    require(!content.isEmpty(), "an added token is empty");
    require(
        !strips || content.codePoints().noneMatch(Character::isWhitespace),
        "an added token that strips white space holds some");
  }

  private static void checkStep(String name, JsonNode step, Step rule) throws IOException {
    if (step.isMissingNode() || step.isNull()) {
      return;
    }
    String type = step.path("type").asText();
    if (!rule.types().contains(type)) {
      throw new IOException("a %s of type '%s' is not supported".formatted(name, type));
    }
    for (JsonNode inner : step.path(rule.inner())) {
      checkStep(name, inner, rule);
    }
    checkParameters(type, step);
  }

  private static void checkParameters(String type, JsonNode step) throws IOException {
    switch (type) {
      case "Prepend" -> require(!step.path("prepend").asText().isEmpty(), "prepend is empty");
      case "Strip" ->
          require(
              step.path("stop").isMissingNode()
                  || (step.path("stop").isInt() && step.path("stop").intValue() == 0),
              "Strip must not take from the end");
      case "Split" -> checkPattern(step.path("pattern").path("Regex"));
      case "Replace" ->
          require(
              !step.path("pattern").path("String").asText().isEmpty()
                  && !step.path("content").asText().isEmpty(),
              "Replace must replace a text by a text");
      case "TemplateProcessing" -> checkTemplate(step);
      default -> {}
    }
  }

  private static void checkPattern(JsonNode regex) throws IOException {
    try {
      SplitPattern.check(regex.asText());
    } catch (SplitPattern.RefusedException e) {
      throw new IOException(
          "the expression %s is not supported, %s".formatted(regex, e.getMessage()), e);
    }
  }

  private static void checkTemplate(JsonNode processor) throws IOException {
    int texts = 0;
    for (JsonNode part : processor.path("single")) {
      JsonNode token = part.path("SpecialToken").path("id");
      if (token.isMissingNode()) {
        texts++;
        require(
            part.path("Sequence").path("id").asText().equals("A"),
            "the post_processor's single must be about A alone");
      } else {
        require(
            processor.path("special_tokens").has(token.asText()),
            "its post_processor uses " + token + ", which is not among special_tokens");
      }
    }
    require(texts == 1, "the post_processor's single must hold A once");
  }

  private static void require(boolean condition, String problem) throws IOException {
    if (!condition) {
      throw new IOException(problem);
    }
  }
}
