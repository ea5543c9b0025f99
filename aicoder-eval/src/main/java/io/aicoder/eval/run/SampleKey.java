package io.aicoder.eval.run;

import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.task.Task;

/** What a finished sample is found again by: a hash of all that decides its outcome. */
final class SampleKey {

  /** Raised whenever programs are taken from answers, run or judged in another way than before. */
  private static final int METHOD = 3;

  private SampleKey() {}

  /** Begins a key with what decides how a program of a task fares. */
  static Fingerprint of(Task task, int sample, Limits limits, String sandbox, String environment) {
    return new Fingerprint()
        .add("method", METHOD)
        .add("id", task.id())
        .add("sample", sample)
        .add("requirements", task.requirements())
        .add("imports", task.imports())
        .add("function", task.functionCode())
        .add("test", task.testCode())
        .add("call", task.callLine())
        .add("form", task.form())
        .add("instruction", task.instruction())
        .add("domain", task.domain())
        .add("library", task.library())
        .add("limits", limits)
        .add("sandbox", sandbox)
        .add("environment", environment);
  }
}
