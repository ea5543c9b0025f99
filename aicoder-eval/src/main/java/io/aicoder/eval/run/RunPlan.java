package io.aicoder.eval.run;

import io.aicoder.CodeModel;
import io.aicoder.eval.agent.Agent;
import io.aicoder.eval.agent.Budget;
import io.aicoder.eval.agent.Feedback;
import io.aicoder.eval.agent.GenerationOptions;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.Task;
import io.aicoder.eval.task.TaskSet;
import io.aicoder.eval.trajectory.TrajectoryHeader;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** All that a run is to be, complete and checked; and what its results depend on. */
record RunPlan(
    String name,
    TaskSet tasks,
    Set<String> excluded,
    @Nullable GateReport gate,
    @Nullable CodeModel model,
    Agent agent,
    Feedback feedback,
    Budget budget,
    GenerationOptions options,
    int samples,
    long seed,
    int workers,
    Sandbox sandbox,
    Limits limits,
    @Nullable LimitScale scale,
    String environment,
    @Nullable ToIntFunction<String> tokenizer,
    Path folder,
    ProgressListener listener) {

  /** Returns what counts the tokens of programs. */
  ToIntFunction<String> tokenCounter() {
    CodeModel counting = model;
    return Objects.requireNonNullElseGet(
        tokenizer, () -> counting == null ? code -> 0 : counting::countTokens);
  }

  /** Returns what a trajectory is about. */
  TrajectoryHeader header(Task task, int sample) {
    return new TrajectoryHeader(
        task,
        sample,
        agent.name(),
        model == null ? "" : model.name(),
        feedback.name(),
        options.temperature());
  }

  /** Returns what a sample is found again by. */
  String key(Task task, int sample, Limits allowed) {
    Fingerprint key =
        SampleKey.of(task, sample, allowed, sandbox.name(), environment)
            .add("agent", agent.name())
            .add("rounds", agent.rounds())
            .add("drafts", agent.fingerprint(task, sample))
            .add("feedback", feedback.fingerprint())
            .add("budget", budget)
            .add("counts tokens", model != null || tokenizer != null);
    if (model != null) {
      key.add("model", model.fingerprint(options.adapter())).add("options", options);
      if (options.temperature() > 0) {
        // Greedy decoding draws nothing: its samples stay valid under another seed.
        key.add("seed", seed);
      }
    }
    return key.hex();
  }

  /** Returns what the figures depend on, for people. */
  SortedMap<String, String> settings(GateReport gate) {
    SortedMap<String, String> settings = new TreeMap<>();
    if (model != null) {
      settings.put("model", model.name());
      settings.put("model_fingerprint", model.fingerprint(options.adapter()));
      settings.put("adapter", Objects.requireNonNullElse(options.adapter(), "the model's default"));
      settings.put("temperature", String.valueOf(options.temperature()));
      settings.put("top_k", orDefault(options.topK()));
      settings.put("top_p", orDefault(options.topP()));
      settings.put("program_tokens", String.valueOf(options.programTokens()));
      settings.put("suggestion_tokens", String.valueOf(options.suggestionTokens()));
      settings.put("repair_tokens", String.valueOf(options.repairTokens()));
      settings.put("seed", String.valueOf(seed));
    }
    if (agent instanceof AnswersFile answers) {
      settings.put("missing_answers", listed(answers.missing()));
    }
    settings.put("agent", agent.name());
    settings.put("rounds", String.valueOf(agent.rounds()));
    settings.put("feedback", feedback.name());
    settings.put("budget", budget.equals(Budget.NONE) ? "none" : budget.toString());
    settings.put("samples", String.valueOf(samples));
    settings.put("tasks", String.valueOf(gate.runnable().size()));
    settings.put("excluded", listed(gate.excluded()));
    settings.put("not_runnable", listed(gate.notRunnable()));
    settings.put("sandbox", sandbox.name());
    settings.put("environment", environment.isEmpty() ? "not given" : environment);
    settings.put("limits", scale == null ? limits.toString() : scale.toString());
    settings.put("java", Runtime.version().toString());
    return settings;
  }

  private static String orDefault(@Nullable Object value) {
    return value == null ? "the checkpoint's" : value.toString();
  }

  private static String listed(Iterable<String> ids) {
    String text = String.join(", ", ids);
    return text.isEmpty() ? "none" : text;
  }

  private static String listed(Map<String, String> reasons) {
    return listed(
        reasons.entrySet().stream()
            .map(entry -> entry.getKey() + " (" + entry.getValue() + ")")
            .collect(Collectors.toList()));
  }
}
