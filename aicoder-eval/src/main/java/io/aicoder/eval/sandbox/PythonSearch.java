package io.aicoder.eval.sandbox;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Looks for a Python with the libraries on one machine, and makes one where it may. */
final class PythonSearch {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROBE = RunnerScript.read("python_probe.py");
  private static final List<String> DISTRIBUTIONS =
      List.of("numpy", "pandas", "scipy", "scikit-learn", "pillow", "torch");

  /** The first import of torch from a cold disk takes this long at worst. */
  private static final Duration PROBE_LIMIT = Duration.ofMinutes(3);

  private static final Duration INSTALL_LIMIT = Duration.ofMinutes(60);

  private final Machine machine;
  private final Consumer<String> progress;

  PythonSearch(Machine machine, Consumer<String> progress) {
    this.machine = machine;
    this.progress = progress;
  }

  /** What the probe script prints. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  private record Probe(
      String interpreter,
      String version,
      List<String> prefixes,
      List<String> missing,
      Map<String, String> libraries,
      Set<String> modules) {

    Probe {
      for (Object part :
          Arrays.asList(interpreter, version, prefixes, missing, libraries, modules)) {
        Objects.requireNonNull(part, "a part of the answer is absent");
      }
    }

    PythonEnvironment environment() {
      return new PythonEnvironment(
          Path.of(interpreter),
          version,
          prefixes.stream().map(Path::of).toList(),
          libraries,
          modules);
    }
  }

  /** See {@link PythonEnvironment#find()}. */
  PythonEnvironment find() {
    return search().orElseThrow(() -> absent("no Python with the libraries was found"));
  }

  /** See {@link PythonEnvironment#provision(Consumer)}. */
  PythonEnvironment provision() {
    return search()
        .or(this::installPackages)
        .or(this::makeVirtualEnvironment)
        .orElseThrow(() -> absent("Python with the libraries could not be installed"));
  }

  private Optional<PythonEnvironment> search() {
    Path named = machine.namedInterpreter();
    if (named != null) {
      return Optional.of(named(named));
    }
    Set<Path> candidates = new LinkedHashSet<>(machine.all("python3"));
    candidates.addAll(machine.knownInterpreters());
    candidates.add(machine.cache().resolve("bin/python3"));
    return candidates.stream()
        .filter(Files::isExecutable)
        .map(this::fitting)
        .flatMap(Optional::stream)
        .findFirst();
  }

  private PythonEnvironment named(Path interpreter) {
    Probe probe = probe(interpreter);
    if (probe == null) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          "aicoder.python (or AICODER_PYTHON): "
              + interpreter
              + " is not a Python that runs: name"
              + " another, or none");
    }
    if (!probe.missing().isEmpty()) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          "aicoder.python (or AICODER_PYTHON): %s lacks %s: run `%s -m pip install %s`"
              .formatted(
                  interpreter,
                  String.join(", ", probe.missing()),
                  interpreter,
                  String.join(" ", DISTRIBUTIONS)));
    }
    return found(probe);
  }

  private Optional<PythonEnvironment> fitting(Path interpreter) {
    Probe probe = probe(interpreter);
    if (probe == null) {
      progress.accept(interpreter + " does not run");
      return Optional.empty();
    }
    if (!probe.missing().isEmpty()) {
      progress.accept(interpreter + " lacks " + String.join(", ", probe.missing()));
      return Optional.empty();
    }
    return Optional.of(found(probe));
  }

  private PythonEnvironment found(Probe probe) {
    Map<String, String> shown = new TreeMap<>(probe.libraries());
    shown.keySet().retainAll(DISTRIBUTIONS);
    progress.accept("Python " + probe.version() + " at " + probe.interpreter() + " " + shown);
    return probe.environment();
  }

  /** Asks an interpreter what it has; {@code null} when it does not answer. */
  private @Nullable Probe probe(Path interpreter) {
    List<String> command = List.of(interpreter.toString(), "-I", "-c", PROBE);
    Machine.Outcome outcome;
    try {
      outcome = machine.run(command, PROBE_LIMIT, line -> {});
    } catch (AiCoderException e) {
      progress.accept(e.getMessage());
      return null;
    }
    // Shims and libraries may say something first; the answer is the last line.
    List<String> lines = outcome.lines();
    if (!outcome.succeeded() || lines.isEmpty()) {
      return null;
    }
    try {
      return JSON.readValue(lines.get(lines.size() - 1), Probe.class);
    } catch (JsonProcessingException e) {
      progress.accept(interpreter + " answers strangely: " + e.getOriginalMessage());
      return null;
    }
  }

  private Optional<PythonEnvironment> installPackages() {
    List<String> packages = new ArrayList<>(AptPackages.PYTHON);
    packages.add(AptPackages.BUBBLEWRAP);
    return AptPackages.install(machine, packages, progress) ? search() : Optional.empty();
  }

  private Optional<PythonEnvironment> makeVirtualEnvironment() {
    Path folder = machine.cache();
    Path python = folder.resolve("bin/python3");
    Set<Path> candidates = new LinkedHashSet<>(machine.all("python3"));
    candidates.addAll(machine.knownInterpreters());
    for (Path candidate : candidates) {
      if (!Files.isExecutable(candidate)) {
        continue;
      }
      List<String> install = new ArrayList<>(List.of(python.toString(), "-m", "pip", "install"));
      install.addAll(DISTRIBUTIONS);
      if (step(List.of(candidate.toString(), "-m", "venv", folder.toString())) && step(install)) {
        return fitting(python);
      }
    }
    return Optional.empty();
  }

  private boolean step(List<String> command) {
    progress.accept("running " + String.join(" ", command));
    return machine.run(command, INSTALL_LIMIT, line -> progress.accept("  " + line)).succeeded();
  }

  private static AiCoderException absent(String what) {
    return new AiCoderException(
        ErrorCategory.ENVIRONMENT,
        what
            + ": run `sudo apt-get install "
            + String.join(" ", AptPackages.PYTHON)
            + "`, or name an interpreter that has "
            + String.join(", ", DISTRIBUTIONS)
            + " with -Daicoder.python=PATH");
  }
}
