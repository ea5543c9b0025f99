package io.aicoder.eval.agent;

import io.aicoder.CodeModel;
import io.aicoder.generate.ChatMessage;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/**
 * What one trajectory asks the model, with its costs and its seeds.
 *
 * <p>When sampling, every question has a seed of its own, made of the run's seed, the task, the
 * sample, the round and the question's place in the round; so a trajectory is the same whatever
 * else runs beside it. Not thread-safe: one object for each trajectory.
 */
public final class Questions {

  private final @Nullable CodeModel model;
  private final GenerationOptions options;
  private final String seedPrefix;

  private int round;
  private int asked;
  private String lastPrompt = "";
  private int promptTokens;
  private int completionTokens;
  private long nanos;

  /**
   * Prepares the questions of one trajectory.
   *
   * @param model who answers; stays the caller's. {@code null} for agents that never ask
   * @param options how to ask
   * @param seed the run's seed; only used when sampling
   * @param taskId the task
   * @param sample which sample of the task, from 0
   */
  public Questions(
      @Nullable CodeModel model, GenerationOptions options, long seed, String taskId, int sample) {
    this.model = model;
    this.options = options;
    seedPrefix = seed + "\u0000" + taskId + "\u0000" + sample;
  }

  /** Returns how questions are asked. */
  public GenerationOptions options() {
    return options;
  }

  /**
   * Asks the model, as a user's only message.
   *
   * @param prompt the question
   * @param maxNewTokens the most tokens of the answer
   * @return the answer, without special tokens
   * @throws io.aicoder.error.AiCoderException when the model cannot answer
   * @throws IllegalStateException when there is no model to ask
   */
  public String ask(String prompt, int maxNewTokens) {
    if (model == null) {
      throw new IllegalStateException("this agent asks a model, but the run has none: set one");
    }
    lastPrompt = prompt;
    Long seed = options.temperature() > 0 ? seed() : null;
    asked++;
    GenerationRequest request =
        GenerationRequest.chat(ChatMessage.user(prompt))
            .optMaxNewTokens(maxNewTokens)
            .optTemperature(options.temperature())
            .optTopK(options.topK())
            .optTopP(options.topP())
            .optSeed(seed)
            .optAdapter(options.adapter())
            .build();
    long start = System.nanoTime();
    GenerationResult result;
    try {
      result = model.generate(request);
    } finally {
      nanos += System.nanoTime() - start;
    }
    promptTokens += result.promptTokens();
    completionTokens += result.completionTokens();
    return result.text();
  }

  private long seed() {
    String text = seedPrefix + "\u0000" + round + "\u0000" + asked;
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(hash).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  void beginRound(int number) {
    round = number;
    asked = 0;
    lastPrompt = "";
    promptTokens = 0;
    completionTokens = 0;
    nanos = 0;
  }

  String lastPrompt() {
    return lastPrompt;
  }

  int promptTokens() {
    return promptTokens;
  }

  int completionTokens() {
    return completionTokens;
  }

  double seconds() {
    return nanos / 1e9;
  }
}
