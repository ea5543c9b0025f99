package io.aicoder.finetune.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How much memory this process holds, libtorch's and the heap's together, as Linux counts it
 * ({@code VmRSS} of {@code /proc/self/status}).
 */
public final class ResidentMemory {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern LINE = Pattern.compile("(?m)^VmRSS:\\s+(\\d{1,15}) kB$");

  private ResidentMemory() {}

  /** Returns it in bytes, or {@code null} where the system does not tell. */
  public static @Nullable Long bytes() {
    try {
      return parse(Files.readString(STATUS));
    } catch (IOException e) {
      return null;
    }
  }

  static @Nullable Long parse(String status) {
    Matcher matcher = LINE.matcher(status);
    return matcher.find() ? Long.parseLong(matcher.group(1)) * 1024 : null;
  }
}
