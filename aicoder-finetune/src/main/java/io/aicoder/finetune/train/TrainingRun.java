package io.aicoder.finetune.train;

import ai.djl.training.listener.TrainingListener;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.finetune.data.Batch;
import io.aicoder.finetune.data.Batches;
import io.aicoder.finetune.data.Position;
import io.aicoder.finetune.data.TrainingData;
import io.aicoder.finetune.log.EvaluationMetrics;
import io.aicoder.finetune.log.MetricsListener;
import io.aicoder.finetune.log.ResidentMemory;
import io.aicoder.finetune.log.RunSummary;
import io.aicoder.finetune.log.RunSummary.Ending;
import io.aicoder.finetune.log.StepMetrics;
import io.aicoder.finetune.peft.ModelCard;
import io.aicoder.finetune.peft.NamedTensor;
import io.aicoder.finetune.state.CheckpointFolder;
import io.aicoder.finetune.state.SavedCheckpoint;
import io.aicoder.llama.TrainingProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One training from its first or a later step to its end: steps, measurements, checkpoints.
 *
 * <p>Belongs to the thread that made the program.
 */
final class TrainingRun {

  private static final Logger LOG = LoggerFactory.getLogger(TrainingRun.class);

  /** What a checkpoint takes beside its numbers. */
  private static final long BESIDE_NUMBERS = 1 << 20;

  private final Setup setup;
  private final Batches batches;
  private final int steps;
  private Progress progress;

  /**
   * What is trained, on what.
   *
   * @param batches those of {@code data} to train on
   * @param steps how many a whole training has
   * @param values what the trained tensors begin with
   * @param output where checkpoints go
   * @param stop whether to end behind this step, to be gone on with another time
   * @param card makes the model card for the figures so far
   */
  record Setup(
      TrainingProgram program,
      Batches batches,
      int steps,
      List<Trainable> trainables,
      List<float[]> values,
      TrainedFiles files,
      TrainingData data,
      RunSettings settings,
      OutputFolder output,
      BooleanSupplier stop,
      RunPolicy policy,
      List<TrainingListener> djlListeners,
      CardMaker card) {}

  /** Makes model cards. */
  interface CardMaker {
    ModelCard card(Progress progress);
  }

  /**
   * How a training ended.
   *
   * @param trained where what was trained is
   * @param written how far that had come
   */
  record Result(Progress progress, Ending ending, Path trained, Progress written) {}

  TrainingRun(Setup setup) {
    this.setup = setup;
    batches = setup.batches;
    steps = setup.steps;
    progress = Progress.start(setup.settings);
  }

  /** Measures one micro-batch, forward and backward, that changes nothing: tokens a second. */
  double probe() {
    try (Learner learner = learner(Optional.empty())) {
      Batch first = batches.from(Position.START).next();
      learner.probe(first); // the first call is slower than all others
      return first.tokens() / (learner.probe(first).toNanos() / 1e9);
    }
  }

  /**
   * Trains, and writes what was trained: of the best measurement, or of the end where none was
   * made.
   *
   * @param resume whether to go on from the newest checkpoint, if there is one
   * @param target where what was trained goes; replaced
   */
  Result run(boolean resume, Path target) {
    setup.output.requireFree(resume); // again: time has passed
    try (CheckpointFolder folder =
        CheckpointFolder.open(setup.output.checkpoints(), setup.policy.keptCheckpoints())) {
      Optional<SavedCheckpoint> saved = folder.latest();
      saved.ifPresent(this::restore);
      try (Learner learner = learner(saved);
          MetricsListener listener = setup.policy.listener().apply(progress.step())) {
        return new Loop(folder, saved.isPresent(), learner, listener).run(target);
      }
    }
  }

  private void restore(SavedCheckpoint saved) {
    progress = SavedState.progress(saved.directory());
    setup.settings.requireSame(progress.settings(), saved.directory());
    String bestBy = setup.policy.bestBy();
    if (progress.bestScore() != null && !bestBy.equals(progress.bestBy())) {
      throw new AiCoderException(
          ErrorCategory.REQUEST,
          "%s: the best was chosen by %s then, by %s now: measure the same as then, or begin another training from its adapter"
              .formatted(saved.directory(), progress.bestBy(), bestBy));
    }
    LOG.info("going on from {}", saved.directory());
  }

  private Learner learner(Optional<SavedCheckpoint> saved) {
    TrainingOptions options = setup.settings.options();
    List<float[]> values = setup.values;
    List<float[]> means = List.of();
    if (saved.isPresent()) {
      Path directory = saved.get().directory();
      Map<String, float[]> trained = setup.files.read(directory);
      values = setup.trainables.stream().map(each -> required(trained, each)).toList();
      means = SavedState.means(directory, setup.trainables);
    }
    // The rate of the first step of a warm-up is 0: a single step would change nothing.
    int warmUp = (int) Math.min(Math.ceil(options.warmUpShare() * steps), steps - 1);
    return new Learner(
        setup.program,
        new Learner.Start(setup.trainables, values, progress.step(), means),
        new Learner.Settings(
            options.adamW(),
            options.schedule().tracker(options.learningRate(), warmUp, steps),
            options.maxGradientNorm(),
            options.seed()),
        setup.djlListeners);
  }

  private static float[] required(Map<String, float[]> tensors, Trainable trainable) {
    return Objects.requireNonNull(tensors.get(trainable.name()), trainable.name());
  }

  /** The steps of one run, with what they need. */
  private final class Loop {

    private final CheckpointFolder folder;
    private final Learner learner;
    private final MetricsListener listener;
    private @Nullable Double score;
    private long savedAt;
    private int epochSize;

    Loop(CheckpointFolder folder, boolean saved, Learner learner, MetricsListener listener) {
      this.folder = folder;
      this.learner = learner;
      this.listener = listener;
      savedAt = saved ? progress.step() : -1;
    }

    Result run(Path target) {
      try {
        Ending ending = learn();
        Result result = ending == Ending.STOPPED ? stopped() : completed(ending, target);
        listener.finished(summary(ending, ""));
        return result;
      } catch (RuntimeException e) {
        tellFailed(e);
        throw e;
      }
    }

    /** A listener that fails as well, such as on the same full disk, does not hide the reason. */
    private void tellFailed(RuntimeException reason) {
      try {
        listener.finished(summary(Ending.FAILED, String.valueOf(reason.getMessage())));
      } catch (RuntimeException e) {
        if (e != reason) {
          reason.addSuppressed(e);
        }
      }
    }

    private Result stopped() {
      if (savedAt != progress.step()) {
        save();
      }
      return new Result(progress, Ending.STOPPED, folder.pathOf(progress.step()), progress);
    }

    private Result completed(Ending ending, Path target) {
      measureAndSave(true);
      return new Result(progress, ending, target, write(target));
    }

    private RunSummary summary(Ending ending, String remark) {
      return new RunSummary(progress.step(), progress.tokens(), progress.seconds(), ending, remark);
    }

    private Ending learn() {
      int accumulation = setup.settings.options().accumulation();
      Iterator<Batch> epoch = open(progress.position());
      while (progress.step() < steps && !patienceIsOver()) {
        if (setup.stop.getAsBoolean()) {
          return Ending.STOPPED;
        }
        long begin = System.nanoTime();
        if (!epoch.hasNext()) {
          epoch = open(progress.position());
        }
        List<Batch> micro = new ArrayList<>();
        while (micro.size() < accumulation && epoch.hasNext()) {
          micro.add(epoch.next());
        }
        Learner.Step done = learner.step(micro);
        double seconds = (System.nanoTime() - begin) / 1e9;
        progress = progress.after(done, behind(micro, epoch), seconds);
        tell(done, seconds);
        if (!epoch.hasNext()) {
          learner.epochEnded();
        }
        // The last measurement belongs into the last checkpoint: it may be the best.
        measureAndSave(progress.step() == steps);
      }
      return progress.step() < steps ? Ending.STOPPED_EARLY : Ending.COMPLETED;
    }

    private boolean patienceIsOver() {
      int patience = setup.policy.patience();
      return patience > 0 && progress.worse() >= patience;
    }

    private Iterator<Batch> open(Position position) {
      epochSize = batches.size(position.epoch());
      return batches.from(position);
    }

    private Position behind(List<Batch> micro, Iterator<Batch> epoch) {
      Position last = micro.get(micro.size() - 1).position();
      return epoch.hasNext() ? last.next() : new Position(last.epoch() + 1, 0);
    }

    private void tell(Learner.Step done, double seconds) {
      double share = (double) progress.batch() / epochSize;
      listener.step(
          new StepMetrics(
              done.number(),
              progress.epoch() + share,
              done.loss(),
              done.rate(),
              done.gradientNorm(),
              progress.tokens(),
              progress.lossTokens(),
              done.tokens() / seconds,
              progress.seconds(),
              ResidentMemory.bytes()));
    }

    private void measureAndSave(boolean last) {
      RunPolicy policy = setup.policy;
      boolean better = false;
      if (due(policy.evaluateEvery(), last) && progress.measuredStep() != progress.step()) {
        better = measure();
      }
      if ((better || due(policy.checkpointEvery(), last)) && savedAt != progress.step()) {
        save();
      }
    }

    private boolean due(int every, boolean last) {
      return last || (every > 0 && progress.step() % every == 0);
    }

    /** Returns whether the model is better than it ever was. */
    private boolean measure() {
      Double loss = setup.data.validation().isEmpty() ? null : validationLoss();
      Map<String, Double> scores = otherFigures();
      Map<String, Double> found = new LinkedHashMap<>();
      if (loss != null) {
        found.put(RunPolicy.VALIDATION_LOSS, loss);
      }
      found.putAll(scores);
      if (found.isEmpty()) {
        return false;
      }
      found.forEach(this::requireFinite);
      listener.evaluated(new EvaluationMetrics(progress.step(), loss, scores));
      score = setup.policy.score(found);
      progress = progress.measured(setup.policy.bestBy(), score, found);
      return score != null && progress.worse() == 0;
    }

    private void requireFinite(String name, double value) {
      if (!Double.isFinite(value)) {
        throw new AiCoderException(
            ErrorCategory.EXECUTION,
            "%s is %s behind step %d: lower the learning rate, or look at what measures it; the"
                    .formatted(name, value, progress.step())
                + " checkpoints are intact");
      }
    }

    private double validationLoss() {
      return learner.loss(
          setup.data.validationBatches(setup.settings.options().batchSize()).from(Position.START));
    }

    private Map<String, Double> otherFigures() {
      if (setup.policy.measure() == RunPolicy.Measure.NONE) {
        return Map.of();
      }
      Path candidate = setup.output.candidate();
      delete(candidate);
      try {
        setup.files.write(candidate, learner.tensors(), card());
        return setup.policy.measure().measure(candidate, progress.step());
      } catch (RuntimeException e) {
        saveBefore(e);
        throw e;
      } finally {
        delete(candidate);
      }
    }

    /** What was learned up to here is not to be lost because it cannot be measured. */
    private void saveBefore(RuntimeException failure) {
      try {
        if (savedAt != progress.step()) {
          save();
        }
      } catch (RuntimeException e) {
        failure.addSuppressed(e);
      }
    }

    private ModelCard card() {
      return setup.card.card(progress);
    }

    private void save() {
      long bytes = learner.bytes() + BESIDE_NUMBERS;
      Double current = progress.measuredStep() == progress.step() ? score : null;
      Path directory =
          folder.write(
              progress.step(),
              current,
              bytes,
              into -> {
                setup.files.writeInto(into, learner.tensors(), card());
                SavedState.writeInto(into, progress, learner.state());
              });
      savedAt = progress.step();
      setup.policy.published().published(directory, progress.step());
    }

    /** Returns how far what is written had come. */
    private Progress write(Path target) {
      Optional<Path> best = folder.best().map(SavedCheckpoint::directory);
      List<NamedTensor> tensors =
          best.map(saved -> learner.named(setup.files.read(saved))).orElseGet(learner::tensors);
      Progress then = best.map(SavedState::progress).orElse(progress);
      delete(target);
      setup.files.write(target, tensors, setup.card.card(then));
      return then;
    }
  }

  private static void delete(Path directory) {
    try {
      IOUtils.rm(directory);
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT, directory + ": cannot be replaced (" + e + ")", e);
    }
  }
}
