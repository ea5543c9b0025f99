package io.aicoder.engine;

import io.aicoder.generate.Pooling;
import io.aicoder.generate.TokenScores;
import io.aicoder.llama.LlamaProgram;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads texts instead of writing them: how likely each token is, and what the model's last states
 * are. The logits of a few positions at a time bound the memory.
 *
 * <p>Safe for use by several threads. Every window of a text is one turn of the engine.
 */
public final class Scorer {

  private final Scheduler scheduler;

  /** Creates one that works through an engine. */
  public Scorer(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /**
   * Scores the last tokens of a text.
   *
   * @param ids the text, within the vocabulary and the context
   * @param count how many of the last tokens to score, fewer than there are
   * @param adapter the program's number of the adapter, or −1
   */
  public TokenScores score(List<Integer> ids, int count, int adapter) {
    List<Integer> targets = ids.subList(ids.size() - count, ids.size());
    return new TokenScores(
        targets, scheduler.compute(program -> score(program, ids, count, adapter)));
  }

  private static List<Float> score(
      LlamaProgram program, List<Integer> ids, int count, int adapter) {
    List<Float> scores = new ArrayList<>();
    int inputs = ids.size() - 1; // nothing follows the last token
    int firstTarget = ids.size() - count;
    program.begin(1, Prefill.capacity(inputs));
    program.expect(inputs);
    for (int start = 0; start < inputs; start += Prefill.CHUNK) {
      int end = Math.min(start + Prefill.CHUNK, inputs);
      long[] chunk = Prefill.longs(ids.subList(start, end));
      if (end < firstTarget) {
        program.prefill(chunk, start, adapter, false);
      } else {
        List<Integer> targets = ids.subList(Math.max(firstTarget, start + 1), end + 1);
        for (float score : program.score(chunk, Prefill.longs(targets), start, adapter)) {
          scores.add(score);
        }
      }
    }
    return scores;
  }

  /**
   * Scores all tokens of a text but its first, in windows of the context where it is longer.
   *
   * @param ids the text, at least two tokens within the vocabulary
   * @param context the most tokens of a window
   * @param stride how many tokens a window begins behind the one before it, at most {@code context}
   *     − 1: each token but those of the first window has at least {@code context} − {@code stride}
   *     before it
   * @param adapter the program's number of the adapter, or −1
   */
  public TokenScores scoreAll(List<Integer> ids, int context, int stride, int adapter) {
    List<Float> scores = new ArrayList<>();
    int scored = 1;
    for (int begin = 0; scored < ids.size(); begin += stride) {
      int end = Math.min(begin + context, ids.size());
      scores.addAll(score(ids.subList(begin, end), end - scored, adapter).logProbabilities());
      scored = end;
    }
    return new TokenScores(ids.subList(1, ids.size()), scores);
  }

  /**
   * Returns a text's embedding: its last hidden states, behind the last norm.
   *
   * @param ids the text, within the vocabulary and the context
   * @param pooling how the tokens' states become one
   * @param adapter the program's number of the adapter, or −1
   * @return {@code hidden_size} numbers
   */
  public float[] embed(List<Integer> ids, Pooling pooling, int adapter) {
    return scheduler.compute(program -> embed(program, ids, pooling, adapter));
  }

  private static float[] embed(
      LlamaProgram program, List<Integer> ids, Pooling pooling, int adapter) {
    program.begin(1, Prefill.capacity(ids.size()));
    program.expect(ids.size());
    boolean last = pooling == Pooling.LAST_TOKEN;
    double[] sum = {};
    for (int start = 0; start < ids.size(); start += Prefill.CHUNK) {
      int end = Math.min(start + Prefill.CHUNK, ids.size());
      float[] piece = program.embed(Prefill.longs(ids.subList(start, end)), start, adapter, last);
      sum = last || start == 0 ? new double[piece.length] : sum;
      for (int i = 0; i < piece.length; i++) {
        sum[i] += piece[i];
      }
    }
    float[] embedding = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      embedding[i] = (float) (last ? sum[i] : sum[i] / ids.size());
    }
    return embedding;
  }
}
