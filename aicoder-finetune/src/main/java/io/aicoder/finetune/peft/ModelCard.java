package io.aicoder.finetune.peft;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What an adapter's {@code README.md} tells: the front matter that PEFT writes, then what it was
 * made from and with.
 *
 * <p>Maps keep their order. Texts of the card are shown as they are, in code spans where they stand
 * for values. Immutable.
 *
 * @param title the card's heading
 * @param data what it was trained on: names to values, such as {@code SHA-256}, {@code records}
 * @param arguments the arguments of the training, such as {@code learning_rate}
 * @param metrics the figures at its end, such as {@code validation loss}
 * @param versions the versions of what trained it
 */
public record ModelCard(
    String title,
    Map<String, String> data,
    Map<String, String> arguments,
    Map<String, String> metrics,
    Map<String, String> versions) {

  /** Texts that mean themselves in YAML without quotes; PEFT's writer leaves these bare, too. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z/][A-Za-z0-9_./-]*(:[\\w./-]+)*");

  /** Bare words that YAML takes for something else. */
  private static final Pattern WORDS =
      Pattern.compile("(?i)y|n|yes|no|on|off|true|false|null|~|\\.nan|\\.inf");

  /** Copies the maps. */
  public ModelCard {
    data = copy(data);
    arguments = copy(arguments);
    metrics = copy(metrics);
    versions = copy(versions);
  }

  private static Map<String, String> copy(Map<String, String> values) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** Returns a card without figures. */
  public static ModelCard of(String title) {
    return new ModelCard(title, Map.of(), Map.of(), Map.of(), Map.of());
  }

  /** Returns the file's text. */
  String text(LoraOptions options) {
    StringBuilder text = new StringBuilder(frontMatter(options.baseModel()));
    text.append("\n# ").append(line(title)).append("\n\n");
    text.append("A LoRA adapter in PEFT's format");
    if (options.baseModel() != null) {
      text.append(" for ").append(code(options.baseModel()));
    }
    text.append(", trained with AICoder.\n");
    addTable(text, "Training data", "", data);
    addTable(text, "Adapter", "option", adapter(options));
    addTable(text, "Training arguments", "argument", arguments);
    addTable(text, "Results", "figure", metrics);
    text.append("\n### Framework versions\n\n");
    versions.forEach(
        (name, version) ->
            text.append("- ").append(line(name)).append(' ').append(line(version)).append('\n'));
    return text.append("- PEFT ")
        .append(AdapterConfig.PEFT_VERSION)
        .append(" (file format)\n")
        .toString();
  }

  private static String frontMatter(@Nullable String baseModel) {
    TreeSet<String> tags = new TreeSet<>(List.of("lora", "transformers"));
    StringBuilder text = new StringBuilder("---\n");
    if (baseModel != null) {
      text.append("base_model: ").append(yaml(baseModel)).append('\n');
      tags.add("base_model:adapter:" + baseModel);
    }
    text.append("library_name: peft\npipeline_tag: text-generation\ntags:\n");
    tags.forEach(tag -> text.append("- ").append(yaml(tag)).append('\n'));
    return text.append("---\n").toString();
  }

  private static String yaml(String value) {
    return PLAIN.matcher(value).matches() && !WORDS.matcher(value).matches()
        ? value
        : "'" + line(value).replace("'", "''") + "'";
  }

  private static Map<String, String> adapter(LoraOptions options) {
    Map<String, String> rows = new LinkedHashMap<>();
    rows.put("r", String.valueOf(options.rank()));
    rows.put("lora_alpha", String.valueOf(options.alpha()).replaceFirst("\\.0$", ""));
    rows.put("lora_dropout", String.valueOf(options.dropout()));
    rows.put("target_modules", String.join(", ", options.targetModules()));
    List<String> others = new ArrayList<>();
    addIf(others, options.useRslora(), "use_rslora");
    addIf(others, options.useDora(), "use_dora");
    addIf(others, options.loraBias(), "lora_bias");
    addIf(others, options.ensureWeightTying(), "ensure_weight_tying");
    if (!others.isEmpty()) {
      rows.put("on", String.join(", ", others));
    }
    if (!options.modulesToSave().isEmpty()) {
      rows.put("modules_to_save", String.join(", ", options.modulesToSave()));
    }
    return rows;
  }

  private static void addIf(List<String> names, boolean on, String name) {
    if (on) {
      names.add(name);
    }
  }

  private static void addTable(
      StringBuilder text, String heading, String first, Map<String, String> rows) {
    if (rows.isEmpty()) {
      return;
    }
    text.append("\n## ").append(heading).append("\n\n| ").append(first).append(" | value |\n");
    text.append("| --- | --- |\n");
    rows.forEach(
        (name, value) ->
            text.append("| ")
                .append(line(name).replace("|", "\\|"))
                .append(" | ")
                .append(code(value))
                .append(" |\n"));
  }

  /** A code span ends at as many backticks as it began with, and a table's cell at a bar. */
  private static String code(String value) {
    String quoted = line(value).replace("|", "\\|");
    if (quoted.isEmpty()) {
      return "";
    }
    return quoted.contains("`") ? "`` " + quoted + " ``" : "`" + quoted + "`";
  }

  /** What comes from a file name or an option must not begin a line of its own. */
  private static String line(String value) {
    return value.replaceAll("\\R|[\\p{Cntrl}]", " ").strip();
  }
}
