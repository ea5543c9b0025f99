package io.aicoder.eval.sandbox;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line that puts an interpreter into bubblewrap.
 *
 * <p>What there is inside: a read-only root that holds {@code /usr}, the loader's and alternatives'
 * files of {@code /etc} and what font, plot and TLS libraries read there, and the interpreter's own
 * folder where it lies elsewhere; {@code /tmp} and {@code /dev/shm} of limited size; {@code /proc}
 * and the harmless devices. No network, no home, no other process, no way to a further user
 * namespace.
 */
final class BubblewrapCommand {

  /** The user and group that nobody's files belong to. */
  private static final String NOBODY = "65534";

  /** Folders that are links into /usr on most systems and folders of their own on others. */
  private static final List<String> SYSTEM =
      List.of("/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin");

  /** Files that programs and libraries of the system look for, and that hold no secrets. */
  private static final List<String> SETTINGS =
      List.of(
          "/etc/alternatives",
          "/etc/ld.so.cache",
          "/etc/ld.so.conf",
          "/etc/ld.so.conf.d",
          "/etc/fonts",
          "/etc/matplotlibrc",
          "/etc/mime.types",
          "/etc/ssl/certs");

  /**
   * Gives up root before bubblewrap starts: limits on processes do not hold for root, whatever the
   * namespace calls it.
   */
  private static final String DROP_ROOT =
      "import os, sys; os.setgroups([]); os.setresgid(%s, %s, %s); os.setresuid(%s, %s, %s);"
              .replace("%s", NOBODY)
          + " os.execv(sys.argv[1], sys.argv[1:])";

  /** What the text of the program itself may take of /tmp. */
  private static final long PROGRAM_BYTES = 1 << 20;

  private final Path bwrap;
  private final PythonEnvironment python;
  private final @Nullable SharedDownloads downloads;
  private final boolean root;
  private final boolean disableUserNamespaces;

  /**
   * Checks what can be checked before the start.
   *
   * @param downloads what programs may download into; {@code null} without network
   * @throws AiCoderException of category ENVIRONMENT when bubblewrap is too old or the interpreter
   *     is out of reach
   */
  BubblewrapCommand(
      Path bwrap, PythonEnvironment python, Machine machine, @Nullable SharedDownloads downloads) {
    this.downloads = downloads;
    this.bwrap = bwrap;
    this.python = python;
    this.root = machine.root();
    List<String> help =
        machine
            .run(List.of(bwrap.toString(), "--help"), Duration.ofSeconds(10), line -> {})
            .lines();
    if (!String.join("\n", help).contains("--size")) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          bwrap + " is too old to limit the size of /tmp: install bubblewrap 0.5.0 or newer");
    }
    this.disableUserNamespaces = String.join("\n", help).contains("--disable-userns");
    if (root) {
      InterpreterSettings.checkReadableByNobody(python);
    }
    for (Path prefix : python.prefixes()) {
      if (prefix.startsWith("/tmp")) {
        throw new AiCoderException(
            ErrorCategory.ENVIRONMENT,
            "the interpreter in "
                + prefix
                + " cannot be used in a sandbox, which has a /tmp of its own: name another with"
                + " -Daicoder.python=PATH");
      }
    }
  }

  List<String> command(long fileBytes) {
    List<String> command = new ArrayList<>();
    String interpreter = python.interpreter().toString();
    if (root) {
      command.addAll(List.of(interpreter, "-I", "-S", "-c", DROP_ROOT));
    }
    command.addAll(List.of(bwrap.toString(), "--unshare-all", "--unshare-user"));
    if (downloads != null) {
      command.add("--share-net");
    }
    if (disableUserNamespaces) {
      command.add("--disable-userns");
    }
    command.addAll(List.of("--uid", NOBODY, "--gid", NOBODY, "--hostname", "sandbox"));
    command.addAll(List.of("--die-with-parent", "--new-session"));
    addFiles(command);
    if (downloads != null) {
      downloads.addTo(command);
    }
    String size = Long.toString(fileBytes + PROGRAM_BYTES);
    command.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
    command.addAll(List.of("--size", size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"));
    command.addAll(List.of("--size", size, "--tmpfs", "/tmp", "--remount-ro", "/"));
    command.addAll(List.of("--chdir", "/tmp", interpreter));
    return command;
  }

  private void addFiles(List<String> command) {
    command.addAll(List.of("--ro-bind", "/usr", "/usr"));
    for (String folder : SYSTEM) {
      Path path = Path.of(folder);
      if (Files.isSymbolicLink(path)) {
        command.addAll(List.of("--symlink", target(path), folder));
      } else if (Files.isDirectory(path)) {
        command.addAll(List.of("--ro-bind", folder, folder));
      }
    }
    for (String setting : SETTINGS) {
      command.addAll(List.of("--ro-bind-try", setting, setting));
    }
    for (Path prefix : python.prefixes()) {
      if (!prefix.startsWith("/usr")) {
        command.addAll(List.of("--ro-bind", prefix.toString(), prefix.toString()));
      }
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT, link + " cannot be read: " + e.getMessage(), e);
    }
  }
}
