package io.aicoder.eval.run;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A benchmark is not scored, because references of its own do not pass its tests. */
public final class GroundTruthException extends AiCoderException {

  private static final long serialVersionUID = 1L;

  private final TreeMap<String, String> offenders;

  GroundTruthException(SortedMap<String, String> offenders, int tasks) {
    super(
        ErrorCategory.INPUT,
        offenders.size()
            + " of "
            + tasks
            + " references do not pass their own test: "
            + offenders.entrySet().stream()
                .map(entry -> entry.getKey() + " (" + entry.getValue() + ")")
                .collect(Collectors.joining("; "))
            + "; correct these tasks, or exclude them by name");
    this.offenders = new TreeMap<>(offenders);
  }

  /** Returns the verdict on each reference that does not pass, by the task's id. */
  public SortedMap<String, String> offenders() {
    return Collections.unmodifiableSortedMap(offenders);
  }
}
