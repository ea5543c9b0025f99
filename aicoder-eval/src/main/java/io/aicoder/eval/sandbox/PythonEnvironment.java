package io.aicoder.eval.sandbox;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The Python that runs generated programs. It has numpy, pandas, scipy, scikit-learn, Pillow and
 * torch. Immutable.
 *
 * <p>Which one is taken, in this order: the one named by the system property {@code aicoder.python}
 * or the environment variable {@code AICODER_PYTHON}; each {@code python3} on the PATH; {@code
 * /usr/bin/python3}; the virtual environment in {@code ~/.cache/aicoder/python} ({@code
 * /var/cache/aicoder/python} for root).
 *
 * @param interpreter the executable
 * @param version its version, such as {@code 3.11.2}
 * @param prefixes the folders it is installed in
 * @param libraries the version of each installed distribution, by its name in lower case with
 *     hyphens, such as {@code scikit-learn}
 * @param modules what can be imported: top-level modules, those of the standard library included
 */
public record PythonEnvironment(
    Path interpreter,
    String version,
    List<Path> prefixes,
    Map<String, String> libraries,
    Set<String> modules) {

  /** Distributions whose module has another name and whose Debian package does not say so. */
  private static final Map<String, String> MODULE_OF =
      Map.of(
          "beautifulsoup4", "bs4",
          "opencv-python", "cv2",
          "opencv-python-headless", "cv2",
          "pillow", "PIL",
          "pytorch", "torch",
          "pyyaml", "yaml",
          "scikit-image", "skimage",
          "scikit-learn", "sklearn");

  /** Copies the collections. */
  public PythonEnvironment {
    prefixes = List.copyOf(prefixes);
    libraries = Map.copyOf(libraries);
    modules = Set.copyOf(modules);
  }

  /**
   * Finds a fitting interpreter; installs nothing. Takes some seconds: each candidate has to import
   * the libraries.
   *
   * @throws io.aicoder.error.AiCoderException of category ENVIRONMENT, with the remedy, when there
   *     is none, or when the one that the user named does not fit
   */
  public static PythonEnvironment find() {
    return new PythonSearch(Machine.here(), line -> {}).find();
  }

  /**
   * Finds a fitting interpreter or makes one: with apt-get when this process is root (bubblewrap is
   * installed along), else with pip in a virtual environment of the user's cache folder.
   *
   * @param progress takes a line for each thing tried and done; called from this thread
   * @throws io.aicoder.error.AiCoderException of category ENVIRONMENT, with the remedy, when that
   *     fails, or when the interpreter that the user named does not fit
   */
  public static PythonEnvironment provision(Consumer<String> progress) {
    return new PythonSearch(Machine.here(), progress).provision();
  }

  /**
   * Returns whether a program that asks for this can import it.
   *
   * @param requirement a distribution or module, with or without a version constraint, such as
   *     {@code scikit-learn}, {@code sklearn}, {@code numpy>=1.20} or {@code PIL}; the constraint
   *     is not looked at
   */
  public boolean provides(String requirement) {
    String name = requirement.strip().split("[\\s<>=!~;\\[(@,]", 2)[0];
    String distribution = name.replaceAll("[-_.]+", "-").toLowerCase(Locale.ROOT);
    return libraries.containsKey(distribution)
        || modules.contains(name)
        || modules.contains(name.split("\\.", 2)[0])
        || modules.contains(distribution.replace('-', '_'))
        || modules.contains(MODULE_OF.getOrDefault(distribution, distribution));
  }
}
