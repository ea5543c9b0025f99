package io.aicoder.eval.trajectory;

import io.aicoder.error.AiCoderException;
import io.aicoder.eval.agent.Call;
import io.aicoder.eval.agent.ToolUse;
import io.aicoder.eval.file.JsonLinesFile;
import io.aicoder.eval.metric.ExitStatus;
import io.aicoder.eval.metric.Sample;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.metric.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an agent did for one sample of one task.
 *
 * @param key what tells it from others: the sample's key
 * @param header what it is about
 * @param calls every question to the model with its answer, in order
 * @param tools every use of a tool, in order
 * @param steps every program that was run, in order
 * @param exit why the agent stopped; {@code null} when it was cut off before that
 */
public record Trajectory(
    String key,
    TrajectoryHeader header,
    List<Call> calls,
    List<ToolUse> tools,
    List<Step> steps,
    @Nullable ExitStatus exit) {

  private static final JsonLinesFile.Kind KIND =
      new JsonLinesFile.Kind("a trajectory file", "make the file again");

  /** Copies the lists. */
  public Trajectory {
    calls = List.copyOf(calls);
    tools = List.copyOf(tools);
    steps = List.copyOf(steps);
  }

  /** Returns whether the program that counts passed every case of the scoring test. */
  public boolean isSolved() {
    Step best = best();
    return best != null
        && best.isScored()
        && best.verdict().equals(new Verdict.Passed().wireName());
  }

  /** Returns the step that counts; {@code null} when none was finished. */
  public @Nullable Step best() {
    List<Step> scored = steps.stream().filter(Step::isScored).toList();
    return steps.isEmpty() ? null : Sample.best(scored.isEmpty() ? steps : scored);
  }

  /**
   * Reads a file that {@link TrajectoryFile} wrote, unfinished trajectories included.
   *
   * @throws AiCoderException (INPUT) when it cannot be read, naming the line that is at fault
   */
  public static List<Trajectory> load(Path file) {
    Map<String, Collected> byKey = new LinkedHashMap<>();
    int number = 0;
    for (TrajectoryLine line : JsonLinesFile.read(file, TrajectoryLine.class, KIND)) {
      number++;
      if (line.version() != TrajectoryLine.VERSION) {
        throw JsonLinesFile.refuse(
            file,
            number,
            "has version " + line.version() + ", not " + TrajectoryLine.VERSION,
            KIND.remedy(),
            null);
      }
      if (line.begin() != null) {
        byKey.remove(line.key());
        byKey.put(line.key(), new Collected(line.begin()));
      } else {
        Collected collected = byKey.get(line.key());
        if (collected == null) {
          throw JsonLinesFile.refuse(file, number, "belongs to no trajectory", KIND.remedy(), null);
        }
        collected.add(line);
      }
    }
    List<Trajectory> trajectories = new ArrayList<>();
    byKey.forEach((key, collected) -> trajectories.add(collected.trajectory(key)));
    return trajectories;
  }

  /** The lines of one key. */
  private static final class Collected {

    private final TrajectoryHeader header;
    private final List<Call> calls = new ArrayList<>();
    private final List<ToolUse> tools = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private @Nullable ExitStatus exit;

    Collected(TrajectoryHeader header) {
      this.header = Objects.requireNonNull(header);
    }

    void add(TrajectoryLine line) {
      if (line.call() != null) {
        calls.add(line.call());
      } else if (line.tool() != null) {
        tools.add(line.tool());
      } else if (line.step() != null) {
        steps.add(line.step());
      } else {
        exit = line.exit();
      }
    }

    Trajectory trajectory(String key) {
      return new Trajectory(key, header, calls, tools, steps, exit);
    }
  }
}
