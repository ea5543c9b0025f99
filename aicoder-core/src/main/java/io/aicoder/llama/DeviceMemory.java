package io.aicoder.llama;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory of a device, in bytes.
 *
 * @param total all of it; for the processor what the machine has, or the container may use
 * @param free what is not in use now
 */
public record DeviceMemory(long total, long free) {

  private static final Logger LOGGER = LoggerFactory.getLogger(DeviceMemory.class);
  private static final Path MEMINFO = Path.of("/proc/meminfo");

  /**
   * Reads the memory of a device by libtorch's name for it, {@code cpu} or such as {@code cuda:0}.
   */
  public static DeviceMemory of(String device) {
    return device.equals(Placement.CPU)
        ? ofProcessor()
        : ofGpu(Integer.parseInt(device.substring(device.indexOf(':') + 1)));
  }

  private static DeviceMemory ofGpu(int number) {
    MemoryUsage usage = CudaUtils.getGpuMemory(Device.gpu(number));
    return new DeviceMemory(usage.getMax(), usage.getMax() - usage.getCommitted());
  }

  private static DeviceMemory ofProcessor() {
    if (!(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system)) {
      return new DeviceMemory(Long.MAX_VALUE, Long.MAX_VALUE);
    }
    long total = system.getTotalMemorySize();
    // What the cache of files takes is free for whoever asks, which only Linux itself counts so.
    long free = Math.max(system.getFreeMemorySize(), available());
    return new DeviceMemory(total, Math.min(free, total));
  }

  private static long available() {
    if (!Files.isReadable(MEMINFO)) {
      return 0;
    }
    try {
      for (String line : Files.readAllLines(MEMINFO)) {
        if (line.startsWith("MemAvailable:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    } catch (IOException e) {
      LOGGER.debug("{} cannot be read", MEMINFO, e);
    }
    return 0;
  }

  /** Writes a number of bytes as people read it. */
  public static String text(long bytes) {
    return bytes >= 1L << 30
        ? String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30))
        : String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1L << 20));
  }
}
