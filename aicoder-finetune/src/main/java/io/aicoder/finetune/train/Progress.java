package io.aicoder.finetune.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.aicoder.finetune.data.Position;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a training stands, beside its tensors: what a checkpoint keeps of it.
 *
 * <p>There is no state of a random generator: all that is drawn by chance follows from the seed,
 * the step and the place.
 *
 * @param step the steps done
 * @param epoch of the next micro-batch
 * @param batch its place in the epoch
 * @param tokens all tokens seen
 * @param lossTokens those that a loss was computed for
 * @param seconds the time spent
 * @param bestBy the name of the figure by which the best was chosen, or {@code null}
 * @param bestScore the best score so far, higher is better, or {@code null}
 * @param worse how many measurements in a row were not better
 * @param measuredStep the step of the newest measurement, 0: none yet
 * @param figures the newest of each kind, such as {@code loss}
 * @param settings what must be the same for the training to go on
 */
record Progress(
    @JsonProperty("step") int step,
    @JsonProperty("epoch") int epoch,
    @JsonProperty("batch") int batch,
    @JsonProperty("tokens") long tokens,
    @JsonProperty("loss_tokens") long lossTokens,
    @JsonProperty("seconds") double seconds,
    @JsonProperty("best_by") @Nullable String bestBy,
    @JsonProperty("best_score") @Nullable Double bestScore,
    @JsonProperty("worse") int worse,
    @JsonProperty("measured_step") int measuredStep,
    @JsonProperty("figures") Map<String, Double> figures,
    @JsonProperty("settings") RunSettings settings) {

  static Progress start(RunSettings settings) {
    return new Progress(0, 0, 0, 0, 0, 0, null, null, 0, 0, Map.of(), settings);
  }

  Position position() {
    return new Position(epoch, batch);
  }

  Progress after(Learner.Step done, Position next, double secondsMore) {
    return new Progress(
        done.number(),
        next.epoch(),
        next.batch(),
        tokens + done.tokens(),
        lossTokens + done.lossTokens(),
        seconds + secondsMore,
        bestBy,
        bestScore,
        worse,
        measuredStep,
        with(Map.of("loss", done.loss())),
        settings);
  }

  /**
   * Returns this after a measurement.
   *
   * @param by the name of the figure by which the best is chosen
   * @param score what the best is chosen by, higher is better; {@code null}: that figure was not
   *     measured this time, which is neither better nor worse
   * @param found all figures
   */
  Progress measured(String by, @Nullable Double score, Map<String, Double> found) {
    boolean better = score != null && (bestScore == null || score > bestScore);
    int worseNow = score == null ? worse : better ? 0 : worse + 1;
    return new Progress(
        step,
        epoch,
        batch,
        tokens,
        lossTokens,
        seconds,
        better ? by : bestBy,
        better ? score : bestScore,
        worseNow,
        step,
        with(found),
        settings);
  }

  private Map<String, Double> with(Map<String, Double> newer) {
    Map<String, Double> all = new LinkedHashMap<>(figures);
    all.putAll(newer);
    return Collections.unmodifiableMap(all);
  }
}
