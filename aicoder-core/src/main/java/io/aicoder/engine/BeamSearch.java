package io.aicoder.engine;

import io.aicoder.generate.EarlyStopping;
import io.aicoder.generate.FinishReason;
import io.aicoder.generate.GenerationResult;
import io.aicoder.llama.LlamaProgram;
import io.aicoder.text.StopSequences;
import io.aicoder.text.Tokenizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Beam search, as transformers' {@code generate(num_beams=…)} does it: every step looks at the best
 * continuations of all beams; those that end are kept when they are among the first, those that go
 * on are the next beams.
 */
final class BeamSearch {

  /** A text by its newest token: beams share their beginnings. */
  private record Beam(@Nullable Beam before, int token, int length, float sum) {

    List<Integer> ids() {
      LinkedList<Integer> ids = new LinkedList<>();
      for (Beam beam = this; beam != null && beam.length > 0; beam = beam.before) {
        ids.addFirst(beam.token);
      }
      return new ArrayList<>(ids);
    }
  }

  /** A text that has ended, with its score. */
  private record Finished(Beam beam, float score, FinishReason reason) {}

  private final LlamaProgram program;
  private final Order order;
  private final Beams beams;
  private final Tokenizer tokenizer;
  private final Stopwatch stopwatch;
  private final BooleanSupplier cancelled;

  /** How many continuations to look at: enough go on, however many end. */
  private final int looked;

  /** The best texts so far, best first, at most as many as beams. */
  private final List<Finished> finished = new ArrayList<>();

  private List<Beam> running = List.of(new Beam(null, 0, 0, 0));
  private long[] rows = new long[0];

  BeamSearch(
      LlamaProgram program,
      Order order,
      Beams beams,
      Tokenizer tokenizer,
      Stopwatch stopwatch,
      BooleanSupplier cancelled) {
    this.program = program;
    this.order = order;
    this.beams = beams;
    this.tokenizer = tokenizer;
    this.stopwatch = stopwatch;
    this.cancelled = cancelled;
    int ends = order.eosTokenIds().size() + order.stopTokenIds().size();
    this.looked = Math.max(2, 1 + ends) * beams.count();
  }

  /** Returns the best results, as many as the order asks for, best first. */
  List<GenerationResult> run() {
    List<Float> logits = null;
    if (!cancelled.getAsBoolean() && Prefill.run(program, order, cancelled)) {
      logits = order.promptLogits() ? Prefill.logits(program) : null;
      int position = order.promptIds().size();
      step();
      stopwatch.prefilled();
      while (goesOn()) {
        program.arrange(rows, position);
        program.advance(
            running.stream().mapToLong(Beam::token).toArray(), position, order.adapter());
        step();
        position++;
      }
    }
    if (cancelled.getAsBoolean()) {
      running.forEach(beam -> keep(beam, new FinishReason.Cancelled()));
    }
    List<GenerationResult> results = new ArrayList<>();
    for (Finished best : finished.subList(0, Math.min(order.samples(), finished.size()))) {
      results.add(result(best, logits));
    }
    return results;
  }

  /** Looks at the best continuations: some end, the others are the next beams. */
  private void step() {
    double[] sums = running.stream().mapToDouble(Beam::sum).toArray();
    double[] best = program.continuations(sums, looked);
    boolean full = beams.earlyStopping() == EarlyStopping.WHEN_ENOUGH && isFull();
    List<Beam> next = new ArrayList<>();
    List<Long> origins = new ArrayList<>();
    int count = best.length / 3;
    for (int i = 0; i < count && best[i] != Double.NEGATIVE_INFINITY; i++) {
      int row = (int) best[count + i];
      int token = (int) best[2 * count + i];
      Beam before = running.get(row);
      Beam beam = new Beam(before, token, before.length() + 1, (float) best[i]);
      FinishReason reason = end(beam);
      if (reason == null) {
        if (next.size() < beams.count()) {
          next.add(beam);
          origins.add((long) row);
        }
      } else if (i < beams.count() && !full) {
        keep(beam, reason);
      }
    }
    running = next;
    rows = origins.stream().mapToLong(Long::longValue).toArray();
  }

  private boolean isFull() {
    return finished.size() == beams.count();
  }

  private @Nullable FinishReason end(Beam beam) {
    if (order.eosTokenIds().contains(beam.token())) {
      return new FinishReason.EndOfSequence(beam.token());
    }
    if (order.stopTokenIds().contains(beam.token())) {
      return new FinishReason.StopToken(beam.token());
    }
    if (!order.stop().isEmpty()) {
      StopSequences sequences = new StopSequences(order.stop());
      sequences.add(tokenizer.decode(beam.ids()));
      String stop = sequences.found();
      if (stop != null) {
        return new FinishReason.StopSequence(stop);
      }
    }
    return beam.length() >= order.maxNewTokens() ? new FinishReason.Length() : null;
  }

  private void keep(Beam beam, FinishReason reason) {
    finished.add(new Finished(beam, score(beam.sum(), beam.length()), reason));
    finished.sort(Comparator.comparingDouble(Finished::score).reversed());
    if (finished.size() > beams.count()) {
      finished.remove(beams.count());
    }
  }

  private float score(float sum, int length) {
    return sum / (float) Math.pow(Math.max(1, length), beams.lengthPenalty());
  }

  /** Whether another step could find something better. */
  private boolean goesOn() {
    if (cancelled.getAsBoolean() || running.isEmpty()) {
      return false;
    }
    if (!isFull()) {
      return true;
    }
    if (beams.earlyStopping() == EarlyStopping.WHEN_ENOUGH) {
      return false;
    }
    boolean longer = beams.earlyStopping() == EarlyStopping.NEVER && beams.lengthPenalty() > 0;
    Beam best = running.get(0);
    float hoped = score(best.sum(), longer ? order.maxNewTokens() : best.length());
    return hoped > finished.get(beams.count() - 1).score();
  }

  private GenerationResult result(Finished best, @Nullable List<Float> logits) {
    List<Integer> ids = best.beam().ids();
    boolean ended =
        best.reason() instanceof FinishReason.EndOfSequence
            || best.reason() instanceof FinishReason.StopToken;
    String text = tokenizer.decode(ended ? ids.subList(0, ids.size() - 1) : ids);
    StopSequences sequences = new StopSequences(order.stop());
    return new GenerationResult(
        sequences.add(text) + sequences.finish(),
        order.promptIds(),
        ids,
        best.reason(),
        stopwatch.timings(),
        logits,
        null,
        (double) best.score());
  }
}
