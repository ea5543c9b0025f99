package io.aicoder.finetune.log;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import io.aicoder.error.AiCoderException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Writes a training's curves as one HTML file that needs nothing else: loss (of training, raw and
 * smoothed, and of validation), scores, learning rate, gradient norm, speed and memory, with the
 * arguments and the figures as tables.
 *
 * <p>The page loads nothing over the network; its content security policy runs only its own
 * scripts, each by its hash. It can be written again and again while a training runs. The curves
 * are drawn with D3 (ISC licence, notice kept in the file).
 *
 * {@snippet :
 * RunHistory history = JsonLinesLog.read(Path.of("out/metrics.jsonl"));
 * CurvesPage.write(Path.of("out/curves.html"), "nano-aicoder", history, Map.of("rank", "8"));
 * }
 */
public final class CurvesPage {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private CurvesPage() {}

  /**
   * Writes the page. A reader sees the old file or the new one, never half of it.
   *
   * @param file where to; missing folders are made, an older file is replaced
   * @param title the page's heading
   * @param history the figures
   * @param arguments what the training was told, by name, in order
   * @throws AiCoderException (ENVIRONMENT) when the file cannot be written
   */
  public static void write(
      Path file, String title, RunHistory history, Map<String, String> arguments) {
    String text = render(title, history, arguments);
    Path target = file.toAbsolutePath();
    Path unfinished =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      Path folder = target.getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      try {
        Files.write(
            unfinished, text.getBytes(StandardCharsets.UTF_8), StandardOpenOption.CREATE_NEW);
        Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(unfinished);
      }
    } catch (IOException e) {
      throw LineFile.failed(file, e);
    }
  }

  /** Returns the text of the page. */
  static String render(String title, RunHistory history, Map<String, String> arguments) {
    CurvesModel model = new CurvesModel(history);
    Map<String, Object> page = new HashMap<>();
    page.put("title", title);
    page.put("summary", model.summary());
    page.put("state", model.state());
    page.put("tiles", model.tiles());
    page.put("score_names", model.scoreNames());
    page.put("measurements", model.measurements());
    page.put("arguments", new LinkedHashMap<>(arguments).entrySet());
    page.put("style", PageAsset.own("curves.css").toMap());
    page.put("d3", PageAsset.d3().toMap());
    page.put("script", PageAsset.own("curves.js").toMap());
    page.put("data", scriptSafeJson(model.data()));
    Jinjava jinjava =
        new Jinjava(
            JinjavaConfig.newBuilder()
                // An argument that reads {{ … }} is text, not a template.
                .withNestedInterpretationEnabled(false)
                .withFailOnUnknownTokens(true)
                .withTrimBlocks(true)
                .withLstripBlocks(true)
                .build());
    return jinjava.render(PageAsset.own("curves.html").text(), page);
  }

  /** Returns JSON without the characters by which a text could leave its script element. */
  private static String scriptSafeJson(Object value) {
    try {
      return MAPPER
          .writeValueAsString(value)
          .replace("<", "\\u003c")
          .replace(">", "\\u003e")
          .replace("&", "\\u0026");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("figures and names have a JSON form", e);
    }
  }
}
