package io.aicoder.eval.task;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Benchmark tasks in their order, each with an id of its own. Immutable. */
public final class TaskSet implements Iterable<Task> {

  private final Map<String, Task> byId;

  private TaskSet(Map<String, Task> byId) {
    this.byId = byId;
  }

  /**
   * Makes a set of tasks.
   *
   * @throws IllegalArgumentException when two share an id
   */
  public static TaskSet of(List<Task> tasks) {
    Map<String, Task> byId = new LinkedHashMap<>();
    for (Task task : tasks) {
      if (byId.put(task.id(), task) != null) {
        throw new IllegalArgumentException("two tasks have the id '" + task.id() + "'");
      }
    }
    return new TaskSet(byId);
  }

  /**
   * Reads a file of AICoderEval v4 records, one JSON object a line, gzipped or not.
   *
   * <p>Absent fields are taken from {@code content} by its marker lines ({@code # function_code
   * ---} and so on); {@code instruct} and {@code answer} are cut from {@code function_code}; a
   * record without {@code path} is called by file name and line. Other fields are ignored.
   *
   * @param file the file
   * @return its tasks, one at least
   * @throws AiCoderException (INPUT) naming file, line, field and remedy when a record cannot be
   *     used
   */
  public static TaskSet load(Path file) {
    Map<String, Task> byId = new LinkedHashMap<>();
    Map<String, Integer> lines = new HashMap<>();
    for (JsonLine line : JsonLine.read(file)) {
      Task task = TaskRecord.task(line);
      Integer earlier = lines.put(task.id(), line.number());
      if (earlier != null) {
        throw line.refuse(
            "path",
            "'" + task.id() + "' names the task of line " + earlier + " already",
            "give every record a path of its own");
      }
      byId.put(task.id(), task);
    }
    if (byId.isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.INPUT, file + ": holds no task; write one JSON object a line");
    }
    return new TaskSet(byId);
  }

  /** Returns the tasks, in order. */
  public List<Task> tasks() {
    return List.copyOf(byId.values());
  }

  /** Returns the number of tasks. */
  public int size() {
    return byId.size();
  }

  /** Returns the ids, in order. */
  public List<String> ids() {
    return List.copyOf(byId.keySet());
  }

  /** Returns the task with an id. */
  public Optional<Task> find(String id) {
    return Optional.ofNullable(byId.get(id));
  }

  @Override
  public Iterator<Task> iterator() {
    return tasks().iterator();
  }

  /** Returns the tasks that a condition holds for. */
  public TaskSet where(Predicate<Task> condition) {
    return of(byId.values().stream().filter(condition).collect(Collectors.toList()));
  }

  /** Returns the tasks of one domain, none when it does not occur. */
  public TaskSet domain(String domain) {
    return where(task -> task.domain().equals(domain));
  }

  /** Returns the tasks of one main library, none when it does not occur. */
  public TaskSet library(String library) {
    return where(task -> task.library().equals(library));
  }

  /** Returns the first tasks, all when there are fewer. */
  public TaskSet first(int count) {
    return of(new ArrayList<>(byId.values()).subList(0, Math.min(count, size())));
  }

  /**
   * Returns the named tasks, in the order of this set.
   *
   * @throws AiCoderException (INPUT) when a name is not in this set
   */
  public TaskSet only(Collection<String> ids) {
    Set<String> wanted = known(ids);
    return where(task -> wanted.contains(task.id()));
  }

  /**
   * Returns all but the named tasks.
   *
   * @throws AiCoderException (INPUT) when a name is not in this set
   */
  public TaskSet without(Collection<String> ids) {
    Set<String> unwanted = known(ids);
    return where(task -> !unwanted.contains(task.id()));
  }

  private Set<String> known(Collection<String> ids) {
    Set<String> unknown = new LinkedHashSet<>(ids);
    unknown.removeAll(byId.keySet());
    if (!unknown.isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.INPUT,
          "not among the tasks: " + String.join(", ", unknown) + "; check the ids");
    }
    return new HashSet<>(ids);
  }
}
