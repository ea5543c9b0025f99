package io.aicoder.eval.sandbox;

import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The libraries that an interpreter imports before its programs come. Immutable.
 *
 * <p>There are few different ones, so that programs share interpreters: a set holds whole groups,
 * and with a group those that it is built upon.
 *
 * @param groups the groups, complete in that sense
 */
record LibrarySet(Set<Group> groups) {

  /** For programs that need none, and for fresh interpreters. */
  static final LibrarySet NONE = new LibrarySet(Set.of());

  /** {@code from a.b import c}, or {@code import a.b as c, d}; the line may stand in a text. */
  private static final Pattern IMPORT =
      Pattern.compile(
          "(?m)^[ \\t]*(?:from[ \\t]+([\\w.]+)[ \\t]+import\\b|import[ \\t]+([^#;\\n]+))");

  /** Libraries that import numpy themselves. */
  private static final Set<String> IMPORT_NUMPY = Set.of("torch", "torchvision", "transformers");

  /**
   * Libraries that are imported together. TensorFlow is in none: whether it survives a fork depends
   * on what its import has started, and its programs import it themselves.
   */
  enum Group {
    /** What nearly every program on data uses. */
    NUMERICS(
        Set.of(),
        Set.of("numpy", "pandas", "scipy", "sklearn", "PIL"),
        List.of(
            "numpy",
            "pandas",
            "PIL.Image",
            "scipy.ndimage",
            "scipy.signal",
            "scipy.stats",
            "sklearn.cluster",
            "sklearn.decomposition",
            "sklearn.ensemble",
            "sklearn.feature_extraction.text",
            "sklearn.impute",
            "sklearn.linear_model",
            "sklearn.metrics.pairwise",
            "sklearn.model_selection",
            "sklearn.naive_bayes",
            "sklearn.neighbors",
            "sklearn.pipeline",
            "sklearn.preprocessing",
            "sklearn.svm",
            "sklearn.tree")),
    /** Figures. */
    PLOTS(
        Set.of(NUMERICS), Set.of("matplotlib", "seaborn"), List.of("matplotlib.pyplot", "seaborn")),
    /** PyTorch; it imports numpy. Few of its programs use the rest of {@link #NUMERICS}. */
    TORCH(
        Set.of(), Set.of("torch"), List.of("torch", "torch.distributions", "torch.nn.functional")),
    /** Images for PyTorch. */
    VISION(
        Set.of(TORCH),
        Set.of("torchvision"),
        List.of("torchvision", "torchvision.models", "torchvision.transforms")),
    /** Hugging Face's transformers. */
    TRANSFORMERS(
        Set.of(TORCH),
        Set.of("transformers"),
        List.of("transformers", "transformers.modeling_utils"));

    private final Set<Group> below;
    private final Set<String> libraries;
    private final List<String> modules;

    Group(Set<Group> below, Set<String> libraries, List<String> modules) {
      this.below = below;
      this.libraries = libraries;
      this.modules = modules;
    }
  }

  /** Copies the groups. */
  LibrarySet {
    groups = Set.copyOf(groups);
  }

  /** Returns the set for a program: what its import lines name, wherever they stand. */
  static LibrarySet of(String program) {
    Set<String> imported = new HashSet<>();
    IMPORT.matcher(program).results().flatMap(LibrarySet::names).forEach(imported::add);
    if (!Collections.disjoint(imported, IMPORT_NUMPY)) {
      imported.remove("numpy"); // a smaller interpreter forks faster
    }
    EnumSet<Group> groups = EnumSet.noneOf(Group.class);
    for (Group group : Group.values()) {
      if (group.libraries.stream().anyMatch(imported::contains)) {
        groups.add(group);
        groups.addAll(group.below);
      }
    }
    return groups.isEmpty() ? NONE : new LibrarySet(groups);
  }

  private static Stream<String> names(MatchResult line) {
    String names = line.group(1) != null ? line.group(1) : line.group(2);
    return Stream.of(names.split(",")).map(name -> name.strip().split("[.\\s]", 2)[0]);
  }

  /** Returns the modules to import, in order. */
  List<String> modules() {
    return groups.stream().sorted().flatMap(group -> group.modules.stream()).toList();
  }
}
