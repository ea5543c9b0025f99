package io.aicoder.eval.run;

import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.task.TaskSet;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which tasks of a benchmark can be scored here.
 *
 * @param runnable the tasks whose references pass
 * @param notRunnable why the others cannot be run here (a library or the network is missing), by id
 * @param excluded the tasks that were excluded by name
 * @param limits what programs may use, by the task's id; of tasks that are not in it as much as the
 *     references
 */
public record GateReport(
    TaskSet runnable,
    SortedMap<String, String> notRunnable,
    SortedSet<String> excluded,
    SortedMap<String, Limits> limits) {

  /** Makes a report of tasks whose programs may use as much as the references. */
  public GateReport(
      TaskSet runnable, SortedMap<String, String> notRunnable, SortedSet<String> excluded) {
    this(runnable, notRunnable, excluded, new TreeMap<>());
  }

  /** Keeps the collections unmodifiable. */
  public GateReport {
    notRunnable = Collections.unmodifiableSortedMap(new TreeMap<>(notRunnable));
    limits = Collections.unmodifiableSortedMap(new TreeMap<>(limits));
    excluded = Collections.unmodifiableSortedSet(new TreeSet<>(excluded));
  }
}
