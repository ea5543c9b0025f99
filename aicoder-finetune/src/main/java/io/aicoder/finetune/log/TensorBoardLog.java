package io.aicoder.finetune.log;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Locale;

/**
 * Writes figures as a TensorBoard event file. Each opening begins a file of its own in the folder,
 * as TensorBoard expects; after a resume it tells TensorBoard to forget what earlier files say of
 * the steps that are done again.
 *
 * <p>Tags are {@code train/loss}, {@code train/learning_rate}, {@code train/gradient_norm}, {@code
 * train/epoch}, {@code speed/tokens_per_second}, {@code memory/resident_bytes}, {@code
 * validation/loss} and {@code scores/<name>}. Not thread-safe.
 */
public final class TensorBoardLog implements MetricsListener {

  private final Path file;
  private final OutputStream out;

  private TensorBoardLog(Path file, OutputStream out) {
    this.file = file;
    this.out = out;
  }

  /**
   * Begins a file.
   *
   * @param folder TensorBoard's {@code --logdir} or a folder in it; made if it is not there
   * @param afterStep the step after which the training goes on, 0 for a new one
   * @throws io.aicoder.error.AiCoderException (ENVIRONMENT) when it cannot be written
   */
  public static TensorBoardLog open(Path folder, long afterStep) {
    try {
      Files.createDirectories(folder);
      Path file = freeName(folder);
      TensorBoardLog log =
          new TensorBoardLog(file, Files.newOutputStream(file, StandardOpenOption.CREATE_NEW));
      log.add(TensorBoardEvent.version(seconds()));
      // A new training in a folder with old files means all of their steps.
      log.add(TensorBoardEvent.restart(seconds(), afterStep + 1));
      return log;
    } catch (IOException e) {
      throw LineFile.failed(folder, e);
    }
  }

  /** TensorBoard reads the files of a folder in the order of their names: time comes first. */
  private static Path freeName(Path folder) {
    String machine = machine();
    long process = ProcessHandle.current().pid();
    for (int number = 0; ; number++) {
      Path file =
          folder.resolve(
              String.format(
                  Locale.ROOT,
                  "events.out.tfevents.%010d.%s.%d.%05d",
                  Instant.now().getEpochSecond(),
                  machine,
                  process,
                  number));
      if (!Files.exists(file)) {
        return file;
      }
    }
  }

  private static String machine() {
    try {
      return InetAddress.getLocalHost().getHostName().replaceAll("[^A-Za-z0-9-]", "-");
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  private static double seconds() {
    return System.currentTimeMillis() / 1e3;
  }

  @Override
  public void step(StepMetrics metrics) {
    TensorBoardEvent event =
        new TensorBoardEvent(seconds(), metrics.step())
            .add("train/loss", metrics.loss())
            .add("train/learning_rate", metrics.learningRate())
            .add("train/gradient_norm", metrics.gradientNorm())
            .add("train/epoch", metrics.epoch())
            .add("speed/tokens_per_second", metrics.tokensPerSecond());
    if (metrics.residentBytes() != null) {
      event.add("memory/resident_bytes", metrics.residentBytes());
    }
    add(event.record());
  }

  @Override
  public void evaluated(EvaluationMetrics metrics) {
    TensorBoardEvent event = new TensorBoardEvent(seconds(), metrics.step());
    if (metrics.validationLoss() != null) {
      event.add("validation/loss", metrics.validationLoss());
    }
    metrics.scores().forEach((name, value) -> event.add("scores/" + name, value));
    add(event.record());
  }

  private void add(byte[] record) {
    try {
      out.write(record);
    } catch (IOException e) {
      throw LineFile.failed(file, e);
    }
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw LineFile.failed(file, e);
    }
  }
}
