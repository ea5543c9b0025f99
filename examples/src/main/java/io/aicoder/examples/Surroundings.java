package io.aicoder.examples;

import io.aicoder.eval.sandbox.Bubblewrap;
import io.aicoder.eval.sandbox.BubblewrapSandbox;
import io.aicoder.eval.sandbox.PythonEnvironment;
import io.aicoder.eval.sandbox.Sandbox;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What running generated programs needs of the machine.
 *
 * @param python the interpreter
 */
record Surroundings(PythonEnvironment python) {

  /** Those that tasks use; results name their versions. */
  private static final Set<String> LIBRARIES =
      Set.of(
          "gymnasium",
          "keras",
          "matplotlib",
          "numpy",
          "pandas",
          "pillow",
          "scikit-learn",
          "scipy",
          "seaborn",
          "tensorflow",
          "tokenizers",
          "torch",
          "torchaudio",
          "torchvision",
          "transformers");

  /** Finds Python and bubblewrap, or installs them, telling about it. */
  static Surroundings provide(Consumer<String> progress) {
    PythonEnvironment python = PythonEnvironment.provision(progress);
    Bubblewrap.provision(progress);
    return new Surroundings(python);
  }

  /** Starts a sandbox, which the caller closes. */
  Sandbox sandbox(int workers) {
    return sandbox(workers, null);
  }

  /** Starts a sandbox, with network when there is a folder for downloads. */
  Sandbox sandbox(int workers, @Nullable Path downloads) {
    BubblewrapSandbox.Builder builder =
        BubblewrapSandbox.builder().optPython(python).optWorkers(workers);
    return downloads == null ? builder.build() : builder.optNetwork(downloads).build();
  }

  /** Returns the libraries that generated programs may count on. */
  List<String> libraries() {
    return LIBRARIES.stream().filter(python::provides).sorted().toList();
  }

  /** Names interpreter and libraries, so that results with others are not mixed. */
  String description() {
    Map<String, String> versions = new TreeMap<>(python.libraries());
    versions.keySet().retainAll(LIBRARIES);
    return "Python " + python.version() + " " + versions;
  }
}
