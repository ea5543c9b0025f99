package io.aicoder.llama;

import ai.djl.util.cuda.CudaUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Keeps DJL from looking for GPUs where no driver could answer, which it warns of each time. */
final class CudaDriver {

  /** DJL's property: GPUs are counted by a process of its own, so that none is looked for here. */
  private static final String FORK = "ai.djl.util.cuda.fork";

  /** What a driver leaves on Linux: NVIDIA's own, that of WSL, that of Jetson boards. */
  private static final List<Path> TRACES =
      List.of(
          Path.of("/proc/driver/nvidia"),
          Path.of("/dev/nvidiactl"),
          Path.of("/dev/dxg"),
          Path.of("/dev/nvmap"));

  private CudaDriver() {}

  /**
   * Whether it is certain that this machine has no CUDA driver; elsewhere than on Linux unknown.
   */
  static boolean isAbsent() {
    return System.getProperty("os.name").startsWith("Linux")
        && TRACES.stream().noneMatch(Files::exists);
  }

  /**
   * Makes DJL count no GPU, without a word, when there is no driver.
   *
   * <p>With the property set, DJL's class loads no CUDA runtime library while it is initialized,
   * and without one it answers 0 ever after. The property is taken back at once.
   */
  static void keepQuietWhenAbsent() {
    if (!isAbsent() || System.getProperty(FORK) != null) {
      return;
    }
    System.setProperty(FORK, "true");
    try {
      Class.forName(CudaUtils.class.getName());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e); // it is on the class path, or this class would not link
    } finally {
      System.clearProperty(FORK);
    }
  }
}
