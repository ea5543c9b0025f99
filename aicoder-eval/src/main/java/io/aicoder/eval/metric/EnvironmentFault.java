package io.aicoder.eval.metric;

import io.aicoder.eval.task.Task;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells failures of the surroundings from failures of the program: a library that the task itself
 * counts on and that is not installed, data of such a library that has to be downloaded, and a
 * network that was needed.
 *
 * <p>A module that only the generated program names does not count: the model invented it, or
 * should have done without.
 */
final class EnvironmentFault {

  /** Packages whose module has another name. */
  private static final Map<String, String> MODULES =
      Map.of(
          "scikit-learn", "sklearn",
          "pillow", "PIL",
          "opencv-python", "cv2",
          "opencv-python-headless", "cv2",
          "pyyaml", "yaml",
          "beautifulsoup4", "bs4",
          "scikit-image", "skimage",
          "python-dateutil", "dateutil");

  private static final Set<String> INSTALLER_WORDS =
      Set.of("pip", "!pip", "pip3", "!pip3", "install");

  private static final Pattern IMPORT =
      Pattern.compile(
          "^[ \\t]*(?:from[ \\t]+([\\w.]+)[ \\t]+import\\b[ \\t]*(\\([^)]*\\)|.*)|import[ \\t]+(.+))$",
          Pattern.MULTILINE | Pattern.UNIX_LINES);
  private static final Pattern NO_MODULE = Pattern.compile("No module named '?([\\w.]+)");
  private static final Pattern NO_NAME =
      Pattern.compile("cannot import name '(\\w+)' from '([\\w.]+)'");
  private static final Pattern WANTED =
      Pattern.compile(
          "requires the ([\\w-]+) library but it was not found"
              + "|Missing optional dependency '([\\w.-]+)'");
  private static final Pattern NO_SHARED_OBJECT =
      Pattern.compile("cannot open shared object file|DLL load failed");
  private static final Pattern NETWORK =
      Pattern.compile(
          "\\b(?:gaierror|URLError|ConnectionError|ConnectTimeout|ProxyError|MaxRetryError"
              + "|NewConnectionError|NameResolutionError|ClientConnectorError|LocalEntryNotFoundError"
              + "|OfflineModeIsEnabled)\\b"
              + "|Network is unreachable|Temporary failure in name resolution"
              + "|Name or service not known|Max retries exceeded with url"
              + "|[Cc]ouldn't connect to 'https?:|Can't load .{1,200} Connection error"
              + "|outgoing traffic has been disabled|Cannot reach https?:"
              + "|URL fetch failure on https?:|RuntimeError: Error downloading \\S");

  /** What a library says of data that has to be downloaded for it; the group names them. */
  private static final Map<String, Pattern> NO_DATA =
      Map.of(
          "nltk", Pattern.compile("\\bResource (?:entry )?'?([\\w./-]{1,80})'? not found"),
          "spacy", Pattern.compile("\\[E050\\] Can't find model '([\\w.-]{1,80})'"),
          "textblob", Pattern.compile("(MissingCorpusError)\\b"));

  private final Set<String> modules = new HashSet<>();
  private final Set<String> importedNames = new HashSet<>();

  /** Collects what a task counts on: its requirements and what reference and test import. */
  EnvironmentFault(Task task) {
    for (String word : task.requirements().split("[\\s,'\"\\[\\]()]+")) {
      String name = word.replaceFirst("[<>=!~;\\[].*", "");
      if (!name.isEmpty() && !name.startsWith("-") && !INSTALLER_WORDS.contains(word)) {
        modules.add(module(name));
      }
    }
    Matcher matcher =
        IMPORT.matcher(task.imports() + "\n" + task.functionCode() + "\n" + task.testCode());
    while (matcher.find()) {
      if (matcher.group(1) != null) {
        addModule(matcher.group(1));
        addNames(matcher.group(1), matcher.group(2));
      } else {
        addModules(matcher.group(3));
      }
    }
  }

  private static String module(String requirement) {
    String lower = requirement.toLowerCase(Locale.ROOT);
    return MODULES.getOrDefault(lower, requirement.replace('-', '_'));
  }

  private void addModules(String list) {
    for (String part : list.replaceFirst("#.*", "").split(",")) {
      addModule(firstWord(part));
    }
  }

  private void addNames(String from, String list) {
    for (String part : list.replaceAll("#[^\\n]*", "").replaceAll("[()]", " ").split(",")) {
      String name = firstWord(part);
      importedNames.add(from + " " + name);
      // "from package import module" names a module, too.
      modules.add(from + "." + name);
    }
  }

  private void addModule(String dotted) {
    modules.add(dotted);
    for (int dot = dotted.indexOf('.'); dot >= 0; dot = dotted.indexOf('.', dot + 1)) {
      modules.add(dotted.substring(0, dot));
    }
  }

  private static String firstWord(String text) {
    return text.strip().split("\\s+", 2)[0];
  }

  /**
   * Looks for a fault of the surroundings among the failures of a program.
   *
   * @param failures each as {@code type: message}
   * @return what was missing, or {@code null}
   */
  @Nullable String find(List<String> failures) {
    for (String failure : failures) {
      String missing = missingLibrary(failure);
      if (missing != null) {
        return "missing library: " + missing;
      }
      String data = missingData(failure);
      if (data != null) {
        return "missing data: " + data;
      }
      if (NETWORK.matcher(failure).find()) {
        return "network needed: " + failure;
      }
    }
    return null;
  }

  /** As with libraries, what only the program counts on is its own affair. */
  private @Nullable String missingData(String failure) {
    for (Map.Entry<String, Pattern> library : NO_DATA.entrySet()) {
      Matcher data = library.getValue().matcher(failure);
      if (modules.contains(library.getKey()) && data.find()) {
        return library.getKey() + ", " + data.group(1);
      }
    }
    return null;
  }

  private @Nullable String missingLibrary(String failure) {
    Matcher module = NO_MODULE.matcher(failure);
    if (module.find()) {
      return modules.contains(module.group(1)) ? module.group(1) : null;
    }
    Matcher name = NO_NAME.matcher(failure);
    if (name.find()) {
      boolean known = importedNames.contains(name.group(2) + " " + name.group(1));
      return known ? name.group(2) + "." + name.group(1) : null;
    }
    Matcher wanted = WANTED.matcher(failure);
    if (wanted.find()) {
      String library = wanted.group(1) == null ? wanted.group(2) : wanted.group(1);
      return modules.contains(module(library)) ? library : null;
    }
    return NO_SHARED_OBJECT.matcher(failure).find() ? failure : null;
  }
}
