package io.aicoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.aicoder.fixture.ModelDirectory;
import io.aicoder.generate.GenerationRequest;
import java.io.IOException;
import java.net.Proxy;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing is downloaded and nobody is told anything, in a JVM that has never run DJL before. */
class ClosedNetworkTest {

  private static final String OFFLINE = "-Dai.djl.offline=true";

  /** Puts a process into a network of its own, which leads nowhere. */
  private static final List<String> CLOSED =
      List.of("unshare", "--user", "--map-root-user", "--net");

  /** What the other JVM does: generates, and tells what addresses were asked for meanwhile. */
  static final class Generates {

    private static final List<URL> ASKED = Collections.synchronizedList(new ArrayList<>());

    /** Lets nobody through, whether by a proxy or past it. */
    private static final class Refusing extends URLStreamHandler {
      @Override
      protected URLConnection openConnection(URL url) throws IOException {
        ASKED.add(url);
        throw new IOException("nobody may ask " + url);
      }

      @Override
      protected URLConnection openConnection(URL url, Proxy proxy) throws IOException {
        return openConnection(url);
      }
    }

    private Generates() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) {
      URL.setURLStreamHandlerFactory(
          protocol -> protocol.startsWith("http") ? new Refusing() : null);
      try (AiCoder coder = AiCoder.load(ModelDirectory.NANO)) {
        GenerationRequest request =
            GenerationRequest.tokens(List.of(4090, 84, 665)).optMaxNewTokens(3).build();
        System.out.println(coder.generate(request).ids().size() + " tokens, asked for " + ASKED);
      }
    }
  }

  private record Outcome(int code, String out, String err) {}

  private static Outcome run(List<String> prefix, Path cache, String... flags) throws Exception {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.add("-DDJL_CACHE_DIR=" + cache.resolve("djl"));
    command.add("-DENGINE_CACHE_DIR=" + cache.resolve("djl"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Generates.class.getName());
    Path out = cache.resolve("out");
    Path err = cache.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.destroyForcibly();
    }
    return new Outcome(process.waitFor(), Files.readString(out), Files.readString(err));
  }

  @ParameterizedTest
  @ValueSource(strings = {OFFLINE, "-Dai.djl.offline=false"})
  void aFirstRunNeedsNoNetwork(String offline, @TempDir Path cache) throws Exception {
    assumeThat(canCloseTheNetwork()).as("unshare can close the network").isTrue();
    Outcome outcome = run(CLOSED, cache, offline);

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).isEqualToIgnoringNewLines("3 tokens, asked for []");
    try (Stream<Path> natives = Files.list(cache.resolve("djl").resolve("pytorch"))) {
      assertThat(natives).as("the natives were unpacked anew").isNotEmpty();
    }
  }

  /** As users start: without the switch, and with a network that nobody may ask for. */
  @Test
  void nobodyIsAskedForAnythingWhereThereIsANetwork(@TempDir Path cache) throws Exception {
    Outcome outcome = run(List.of(), cache);

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).isEqualToIgnoringNewLines("3 tokens, asked for []");
  }

  /** Where CUDA's runtime library is, but no driver, DJL alone warns at each of its questions. */
  @Test
  void aMachineWithoutADriverHearsNothingOfGpus(@TempDir Path cache) throws Exception {
    assumeThat(Path.of("/proc/driver/nvidia")).doesNotExist();
    Outcome outcome = run(List.of(), cache, OFFLINE, "-Dorg.slf4j.simpleLogger.logFile=System.err");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.err())
        .contains("[cpu]: this machine has no CUDA driver")
        .doesNotContain("GPU count");
  }

  private static boolean canCloseTheNetwork() throws InterruptedException {
    List<String> command = new ArrayList<>(CLOSED);
    command.add("true");
    try {
      return new ProcessBuilder(command).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
