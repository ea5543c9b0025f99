package io.aicoder.finetune.data;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tells data files of other formats by their first bytes, to say what to do about them. */
final class OtherFormat {

  private static final int LOOKED_AT = 4096;

  /** How files begin that are no text. */
  private static final Map<String, String> BINARY =
      Map.of(
          "PAR1", "a Parquet file",
          "ARROW1", "an Arrow file",
          "PK\u0003\u0004", "a ZIP archive or a spreadsheet");

  /** A first line of two column names or more, bare or quoted. */
  private static final Pattern COLUMNS =
      Pattern.compile(
          "\\uFEFF?\"?[\\w .-]{1,60}\"?(?:([,;\t])\"?[\\w .-]{1,60}\"?)(?:\\1[^\\n]*)?");

  private OtherFormat() {}

  /**
   * Refuses what is known and is no JSON.
   *
   * @param stream the file's bytes, unzipped; stays where it is
   * @throws AiCoderException (INPUT) naming the format and how to make JSON of it
   */
  static void refuse(Path file, InputStream stream) throws IOException {
    stream.mark(LOOKED_AT);
    byte[] head = stream.readNBytes(LOOKED_AT);
    stream.reset();
    String bytes = new String(head, StandardCharsets.ISO_8859_1);
    BINARY.forEach(
        (magic, name) -> {
          if (bytes.startsWith(magic)) {
            throw refused(file, "is " + name);
          }
        });
    String first = new String(head, StandardCharsets.UTF_8).lines().findFirst().orElse("");
    Matcher columns = COLUMNS.matcher(first);
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (columns.matches() || (name.matches(".*\\.[ct]sv(\\.gz)?") && !first.startsWith("{"))) {
      String shown = first.length() > 80 ? first.substring(0, 80) + "…" : first;
      throw refused(file, "looks like CSV, with the columns " + shown.strip());
    }
  }

  private static AiCoderException refused(Path file, String problem) {
    return new AiCoderException(
        ErrorCategory.INPUT,
        file
            + ": "
            + problem
            + "; write its rows as JSON lines, one object a row (with pandas: to_json(path,"
            + " orient=\"records\", lines=True))");
  }
}
