package io.aicoder.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * A checkpoint's {@code tokenizer.json}, run by Hugging Face's own tokenizers library through DJL.
 *
 * <p>Safe for use by several threads. Owns native memory until {@link #close}.
 */
public final class Tokenizer implements AutoCloseable {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** DJL would truncate to 512 tokens and pad if it were not told otherwise. */
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false");

  private final HuggingFaceTokenizer tokenizer;

  private Tokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Opens the tokenizer of a checkpoint directory.
   *
   * @throws AiCoderException when {@code tokenizer.json} is absent or damaged
   */
  public static Tokenizer open(Path directory) {
    Path file = directory.resolve("tokenizer.json");
    if (!Files.isRegularFile(file)) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          directory
              + ": has no tokenizer.json: download it, or convert tokenizer.model with transformers");
    }
    try {
      byte[] bytes = Files.readAllBytes(file);
      // Checked here first: the native library's own messages do not name the file.
      JsonNode root = MAPPER.readTree(bytes);
      if (root == null || !root.path("model").isObject()) {
        throw new IOException("it has no field 'model'");
      }
      return new Tokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(bytes), OPTIONS));
    } catch (IOException | RuntimeException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          file + ": not a tokenizer (" + e.getMessage() + "): download the file again",
          e);
    }
  }

  /**
   * Turns text into token ids. Special tokens that stand in the text become their ids.
   *
   * @param text the text
   * @param addSpecialTokens whether the tokenizer's post-processor adds its own (for Llama&nbsp;3
   *     the begin-of-text token)
   */
  public List<Integer> encode(String text, boolean addSpecialTokens) {
    long[] ids = tokenizer.encode(text, addSpecialTokens, false).getIds();
    return LongStream.of(ids).mapToObj(id -> (int) id).toList();
  }

  /**
   * Turns a prompt into token ids, with the tokens that the tokenizer's post-processor adds, except
   * where the text begins with its begin-of-text token already: two of them derail a model.
   */
  public List<Integer> encodePrompt(String text) {
    List<Integer> plain = encode(text, false);
    List<Integer> added = encode(text, true);
    return !plain.isEmpty() && plain.get(0).equals(added.get(0)) ? plain : added;
  }

  /** Returns how many tokens a text has, none added. */
  public int count(String text) {
    return tokenizer.encode(text, false, false).getIds().length;
  }

  /**
   * Turns token ids into text without special tokens. Bytes that are no whole character become
   * U+FFFD.
   */
  public String decode(List<Integer> ids) {
    return ids.isEmpty()
        ? ""
        : tokenizer.decode(ids.stream().mapToLong(Integer::longValue).toArray(), true);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
