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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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

  /** What a prompt begins with; {@code null} when the post-processor knows. */
  private final @Nullable List<Integer> begin;

  /** The texts of special tokens by name, such as {@code eos_token}. */
  private final Map<String, String> specialTokens;

  /** Encoding while another thread closes would use memory that is freed. */
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  private boolean closed;

  private Tokenizer(Path file, HuggingFaceTokenizer tokenizer, TokenizerConfig config) {
    this.file = file;
    this.tokenizer = tokenizer;
    this.begin = begin(tokenizer, config);
    this.specialTokens = config.specialTokens();
  }

  /**
   * Opens the tokenizer of a checkpoint directory.
   *
   * @throws AiCoderException when {@code tokenizer.json} is absent or damaged, or {@code
   *     tokenizer_config.json} is damaged
   */
  public static Tokenizer open(Path directory) {
    Path file = directory.resolve("tokenizer.json");
    if (!Files.isRegularFile(file)) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          directory
              + ": has no tokenizer.json: download it, or convert tokenizer.model with transformers");
    }
    TokenizerConfig config = TokenizerConfig.read(directory);
    HuggingFaceTokenizer tokenizer = load(file);
    try {
      return new Tokenizer(file, tokenizer, config);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  private static HuggingFaceTokenizer load(Path file) {
    try {
      return HuggingFaceTokenizer.newInstance(
          new ByteArrayInputStream(TokenizerFile.read(file)), OPTIONS);
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
   * Turns a prompt into token ids, with the begin-of-text token that {@code add_bos_token} of
   * {@code tokenizer_config.json} asks for, or without that field with the tokens that the
   * tokenizer's post-processor adds; but not where the text begins with that token already: two of
   * them derail a model.
   */
  public List<Integer> encodePrompt(String text) {
    List<Integer> plain = encode(text, false);
    List<Integer> added = begin == null ? encode(text, true) : concat(begin, plain);
    return !plain.isEmpty() && plain.get(0).equals(added.get(0)) ? plain : added;
  }

  /**
   * Returns the id of a special token that {@code tokenizer_config.json} names.
   *
   * @param name the field, such as {@code eos_token}
   * @return its id, or {@code null} when the file names none, or one that is no single token
   */
  public @Nullable Integer specialToken(String name) {
    String token = specialTokens.get(name);
    List<Integer> ids = token == null ? List.of() : encode(token, false);
    return ids.size() == 1 ? ids.get(0) : null;
  }

  private static List<Integer> concat(List<Integer> head, List<Integer> tail) {
    return Stream.concat(head.stream(), tail.stream()).toList();
  }

  private static @Nullable List<Integer> begin(
      HuggingFaceTokenizer tokenizer, TokenizerConfig config) {
    Boolean add = config.addBosToken();
    if (add == null) {
      return null;
    }
    String token = config.specialTokens().get("bos_token");
    if (!add || token == null) {
      return List.of();
    }
    long[] ids = tokenizer.encode(token, false, false).getIds();
    if (ids.length != 1) {
      throw TokenizerConfig.problem(
          config.file(),
          "bos_token '" + token + "' is no token of tokenizer.json: they do not belong together",
          null);
    }
    return List.of((int) ids[0]);
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
    return decode(ids, true);
  }

  /**
   * Turns token ids into text. Bytes that are no whole character become U+FFFD; ids that no token
   * has are left out.
   *
   * @param skipSpecialTokens whether special tokens, such as those that end a turn, are left out
   * @throws AiCoderException when the tokenizer is closed
   */
  public String decode(List<Integer> ids, boolean skipSpecialTokens) {
    long[] values = ids.stream().mapToLong(Integer::longValue).toArray();
    return use(() -> values.length == 0 ? "" : tokenizer.decode(values, skipSpecialTokens));
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
