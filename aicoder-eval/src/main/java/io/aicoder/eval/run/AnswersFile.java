package io.aicoder.eval.run;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.agent.Agent;
import io.aicoder.eval.agent.Draft;
import io.aicoder.eval.agent.Questions;
import io.aicoder.eval.metric.Sample.Step;
import io.aicoder.eval.task.JsonLine;
import io.aicoder.eval.task.Task;
import io.aicoder.eval.task.TaskSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Programs that were made elsewhere, to be scored as if a model had answered them here.
 *
 * <p>A JSONL file, gzipped or not: each line has {@code task_id} or {@code path}, and either {@code
 * solution} (imports and function, run as they are) or {@code completion} (a model's answer, out of
 * which the program is taken). Several lines of one task are several samples of it. A task without
 * a line counts as answered with nothing, and is reported by {@link #missing}. Immutable.
 */
public final class AnswersFile implements Agent {

  /** One line: exactly one of the two is there. */
  private record Answer(@Nullable String solution, @Nullable String completion) {}

  private final Path file;
  private final Map<String, List<Answer>> answers;
  private final List<String> missing;
  private final int samples;

  private AnswersFile(
      Path file, Map<String, List<Answer>> answers, List<String> missing, int samples) {
    this.file = file;
    this.answers = answers;
    this.missing = missing;
    this.samples = samples;
  }

  /**
   * Reads a file of answers.
   *
   * @param file the file
   * @param tasks the tasks that it answers
   * @throws AiCoderException (INPUT) naming file, line, field and remedy when a line cannot be
   *     used, names an unknown task, or when some tasks have more answers than others
   */
  public static AnswersFile load(Path file, TaskSet tasks) {
    Map<String, List<Answer>> answers = new LinkedHashMap<>();
    for (JsonLine line : JsonLine.read(file)) {
      String field = line.text("task_id") == null ? "path" : "task_id";
      String id = line.text(field);
      if (id == null) {
        throw line.refuse("task_id", "is absent, and so is path", "name the task of each answer");
      }
      if (tasks.find(id).isEmpty()) {
        throw line.refuse(
            field,
            "'" + id + "' is none of the " + tasks.size() + " tasks",
            "check the id, or load the tasks that the file belongs to");
      }
      answers.computeIfAbsent(id, key -> new ArrayList<>()).add(answer(line));
    }
    if (answers.isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.INPUT, file + ": holds no answer; write one JSON object a line");
    }
    List<String> missing = new ArrayList<>(tasks.ids());
    missing.removeAll(answers.keySet());
    return new AnswersFile(file, answers, List.copyOf(missing), samples(file, answers));
  }

  private static Answer answer(JsonLine line) {
    String solution = line.text("solution");
    String completion = line.text("completion");
    if ((solution == null) == (completion == null)) {
      throw line.refuse(
          "solution",
          solution == null ? "is absent, and so is completion" : "stands beside completion",
          "give either the whole code as solution or the model's answer as completion");
    }
    return new Answer(solution, completion);
  }

  private static int samples(Path file, Map<String, List<Answer>> answers) {
    Map.Entry<String, List<Answer>> first = answers.entrySet().iterator().next();
    int samples = first.getValue().size();
    answers.forEach(
        (id, list) -> {
          if (list.size() != samples) {
            throw new AiCoderException(
                ErrorCategory.INPUT,
                String.format(
                    "%s: task %s has %d answers, task %s has %d; give every task equally many",
                    file, first.getKey(), samples, id, list.size()));
          }
        });
    return samples;
  }

  /** Returns the number of answers that each task has. */
  public int samples() {
    return samples;
  }

  /** Returns the ids of the tasks without an answer, in the order of the tasks. */
  public List<String> missing() {
    return missing;
  }

  @Override
  public String name() {
    return "answers of " + file.getFileName();
  }

  @Override
  public int rounds() {
    return 0;
  }

  @Override
  public String fingerprint(Task task, int sample) {
    return String.valueOf(find(task, sample));
  }

  @Override
  public Draft draft(Task task, int sample, List<Step> tried, Questions questions) {
    Answer answer = find(task, sample);
    String completion = answer == null || answer.completion() == null ? "" : answer.completion();
    return new Draft(null, null, "", completion, answer == null ? null : answer.solution());
  }

  private @Nullable Answer find(Task task, int sample) {
    List<Answer> list = answers.getOrDefault(task.id(), List.of());
    return sample < list.size() ? list.get(sample) : null;
  }
}
