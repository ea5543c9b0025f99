package io.aicoder.examples;

import io.aicoder.AiCoder;
import io.aicoder.eval.agent.GenerationOptions;
import io.aicoder.eval.agent.OneShot;
import io.aicoder.eval.run.Evaluation;
import io.aicoder.eval.run.RunResult;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.TaskSet;
import io.aicoder.finetune.train.RunPolicy;
import io.aicoder.llama.ComputeType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Measures SR@All and SR@Any of an adapter on tasks, while it is trained. */
final class TaskMeasure implements RunPolicy.Measure, AutoCloseable {

  private static final String ADAPTER = "candidate";

  private final TaskSet tasks;
  private final Path folder;
  private final Surroundings surroundings;
  private final Sandbox sandbox;
  private final AiCoder coder;

  /**
   * Loads the base and starts a sandbox.
   *
   * @param folder gets the samples of each measurement
   */
  TaskMeasure(Path base, Path tasks, Path folder, int workers) {
    this.tasks = TaskSet.load(tasks);
    this.folder = folder;
    this.surroundings = Surroundings.provide(line -> {});
    this.sandbox = surroundings.sandbox(workers);
    this.coder = AiCoder.builder(base).optComputeType(ComputeType.FP32).build();
  }

  @Override
  public Map<String, Double> measure(Path trained, long step) {
    coder.replaceAdapter(ADAPTER, trained);
    RunResult result =
        Evaluation.builder()
            .setTasks(tasks)
            .setModel(coder)
            .setSandbox(sandbox)
            .setFolder(folder.resolve("step-" + step))
            .optName("step " + step)
            .optAgent(new OneShot())
            .optOptions(GenerationOptions.GREEDY.withAdapter(ADAPTER))
            .optEnvironment(surroundings.description())
            .build()
            .run();
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("SR@All", result.scores().srAll().value());
    figures.put("SR@Any", result.scores().srAny().value());
    return figures;
  }

  @Override
  public void close() {
    coder.close();
    sandbox.close();
  }
}
