package io.aicoder.eval.sandbox;

import java.util.Map;

/** The environment that programs run in; nothing of the caller's own is in it. */
final class InterpreterSettings {

  private InterpreterSettings() {}

  /**
   * Returns all environment variables.
   *
   * @param python the interpreter, whose folder comes first in PATH
   * @param folder the private temporary folder
   */
  static Map<String, String> environment(PythonEnvironment python, String folder) {
    return Map.ofEntries(
        Map.entry("PATH", python.interpreter().getParent() + ":/usr/bin:/bin"),
        Map.entry("LANG", "C.UTF-8"),
        Map.entry("TZ", "UTC"),
        Map.entry("HOME", folder + "/home"),
        Map.entry("TMPDIR", folder),
        Map.entry("USER", "nobody"),
        // One thread each: several programs run at once, and results do not depend on the machine.
        Map.entry("OMP_NUM_THREADS", "1"),
        Map.entry("OPENBLAS_NUM_THREADS", "1"),
        Map.entry("MKL_NUM_THREADS", "1"),
        Map.entry("MPLBACKEND", "Agg"),
        Map.entry("PYTHONDONTWRITEBYTECODE", "1"),
        // Sets of strings then have the same order in each run.
        Map.entry("PYTHONHASHSEED", "0"));
  }
}
