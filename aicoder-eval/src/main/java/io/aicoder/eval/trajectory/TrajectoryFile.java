package io.aicoder.eval.trajectory;

import io.aicoder.eval.agent.Call;
import io.aicoder.eval.agent.LoopListener;
import io.aicoder.eval.agent.ToolUse;
import io.aicoder.eval.file.JsonLinesFile;
import io.aicoder.eval.metric.ExitStatus;
import io.aicoder.eval.metric.Sample.Step;
import java.nio.file.Path;

/**
 * A file of trajectories, one JSON line for each beginning, answer, tool use, step and end, written
 * as soon as it happens: a killed process loses nothing that was done. Lines of several
 * trajectories may mix; their keys tell them apart. Safe for use by several threads.
 *
 * <p>{@link Trajectory#load} reads it.
 */
public final class TrajectoryFile implements AutoCloseable {

  private final JsonLinesFile lines;

  private TrajectoryFile(JsonLinesFile lines) {
    this.lines = lines;
  }

  /**
   * Opens a file to add to, made with its folder if it is not there.
   *
   * @throws io.aicoder.error.AiCoderException (ENVIRONMENT) when it cannot be written
   */
  public static TrajectoryFile open(Path file) {
    return new TrajectoryFile(JsonLinesFile.open(file));
  }

  /**
   * Begins a trajectory. An earlier one of the same key that did not come to its end is replaced.
   *
   * @param key what tells it from others
   * @param header what it is about
   */
  public Recorder begin(String key, TrajectoryHeader header) {
    lines.append(TrajectoryLine.begin(key, header), false);
    return new Recorder(key);
  }

  @Override
  public void close() {
    lines.close();
  }

  /** Writes one trajectory as it happens. */
  public final class Recorder implements LoopListener {

    private final String key;

    private Recorder(String key) {
      this.key = key;
    }

    @Override
    public void asked(Call call) {
      lines.append(TrajectoryLine.call(key, call), false);
    }

    @Override
    public void used(ToolUse use) {
      lines.append(TrajectoryLine.tool(key, use), false);
    }

    @Override
    public void finished(Step step) {
      lines.append(TrajectoryLine.step(key, step), true);
    }

    /** Writes why the agent stopped: the trajectory is whole. */
    public void end(ExitStatus exit) {
      lines.append(TrajectoryLine.exit(key, exit), true);
    }
  }
}
