package io.aicoder.examples;

import io.aicoder.AiCoder;
import io.aicoder.eval.agent.GenerationOptions;
import io.aicoder.eval.agent.OneShot;
import io.aicoder.eval.run.Evaluation;
import io.aicoder.eval.run.RunResult;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.TaskSet;
import io.aicoder.finetune.train.RunPolicy;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Measures SR@All and SR@Any on tasks of what is trained, while it is trained. */
final class TaskMeasure implements RunPolicy.Measure, AutoCloseable {

  /** The figure that the best is chosen by. */
  static final String SR_ALL = "SR@All";

  private static final String ADAPTER = "candidate";

  private final TaskSet tasks;
  private final @Nullable Path base;
  private final Path folder;
  private final Function<Path, AiCoder> loader;
  private final int workers;
  private String environment = "";
  private @Nullable Sandbox sandbox;
  private @Nullable AiCoder coder;

  /**
   * Reads the tasks. The base is loaded and the sandbox started when something is to be measured.
   *
   * @param base the model that adapters are for; {@code null}: whole models are measured
   * @param folder gets the samples of each measurement
   * @param loader loads a model
   * @param workers how many programs run at once
   */
  TaskMeasure(
      Path tasks, @Nullable Path base, Path folder, Function<Path, AiCoder> loader, int workers) {
    this.tasks = TaskSet.load(tasks);
    this.base = base;
    this.folder = folder;
    this.loader = loader;
    this.workers = workers;
  }

  @Override
  public Map<String, Double> measure(Path trained, long step) {
    if (base == null) {
      try (AiCoder whole = loader.apply(trained)) {
        return figures(whole, AiCoder.BASE, step);
      }
    }
    if (coder == null) {
      coder = loader.apply(base);
    }
    coder.replaceAdapter(ADAPTER, trained);
    return figures(coder, ADAPTER, step);
  }

  private Sandbox sandbox() {
    if (sandbox == null) {
      Surroundings surroundings = Surroundings.provide(line -> {});
      environment = surroundings.description();
      sandbox = surroundings.sandbox(workers);
    }
    return sandbox;
  }

  private Map<String, Double> figures(AiCoder model, String adapter, long step) {
    Sandbox running = sandbox(); // which tells the environment
    RunResult result =
        Evaluation.builder()
            .setTasks(tasks)
            .setModel(model)
            .setSandbox(running)
            .setFolder(folder.resolve("step-" + step))
            .optName("step " + step)
            .optAgent(new OneShot())
            .optOptions(GenerationOptions.GREEDY.withAdapter(adapter))
            .optEnvironment(environment)
            .build()
            .run();
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(SR_ALL, result.scores().srAll().value());
    figures.put("SR@Any", result.scores().srAny().value());
    return figures;
  }

  @Override
  public void close() {
    if (coder != null) {
      coder.close();
    }
    if (sandbox != null) {
      sandbox.close();
    }
  }
}
