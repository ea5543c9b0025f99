package io.aicoder.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * A checkpoint's {@code tokenizer.json}, run by Hugging Face's own tokenizers library through DJL.
 *
 * <p>Safe for use by several threads. Owns native memory until {@link #close}.
 */
public final class Tokenizer implements AutoCloseable {

  /** DJL would truncate to 512 tokens and pad if it were not told otherwise. */
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false");

  /**
   * The most UTF-16 characters of a text. One match of the tokenizer's expression may go back
   * {@link SplitPattern#MOST_RETRIES} times for each, and ten million times would end the JVM.
   */
  private static final int LONGEST_TEXT = 2_000_000;

  private final Path file;
  private final HuggingFaceTokenizer tokenizer;

  /** Encoding while another thread closes would use memory that is freed. */
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  private boolean closed;

  private Tokenizer(Path file, HuggingFaceTokenizer tokenizer) {
    this.file = file;
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
      return new Tokenizer(
          file,
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(TokenizerFile.read(file)), OPTIONS));
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
   * @param text the text; a surrogate without its other half counts as U+FFFD
   * @param addSpecialTokens whether the tokenizer's post-processor adds its own (for Llama&nbsp;3
   *     the begin-of-text token)
   * @throws AiCoderException when the tokenizer is closed, or cannot encode the text, or the text
   *     has more than two million characters
   */
  public List<Integer> encode(String text, boolean addSpecialTokens) {
    long[] ids = ids(text, addSpecialTokens);
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

  /**
   * Returns how many tokens a text has, none added.
   *
   * @throws AiCoderException as {@link #encode} does
   */
  public int count(String text) {
    return ids(text, false).length;
  }

  private long[] ids(String text, boolean addSpecialTokens) {
    if (text.length() > LONGEST_TEXT) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "the text has %d characters, %d can be encoded at once: shorten it"
              .formatted(text.length(), LONGEST_TEXT));
    }
    return use(() -> tokenizer.encode(text, addSpecialTokens, false).getIds());
  }

  /**
   * Turns token ids into text without special tokens. Bytes that are no whole character become
   * U+FFFD; ids that no token has are left out.
   *
   * @throws AiCoderException when the tokenizer is closed
   */
  public String decode(List<Integer> ids) {
    long[] values = ids.stream().mapToLong(Integer::longValue).toArray();
    return use(() -> values.length == 0 ? "" : tokenizer.decode(values, true));
  }

  private <T> T use(Supplier<T> action) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new AiCoderException(
            ErrorCategory.EXECUTION, "the model is closed: keep it open while requests run");
      }
      return action.get();
    } catch (AiCoderException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          file + ": the tokenizer failed (" + e.getMessage() + "): download the file again",
          e);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      closed = true;
      tokenizer.close();
    } finally {
      lock.writeLock().unlock();
    }
  }
}
