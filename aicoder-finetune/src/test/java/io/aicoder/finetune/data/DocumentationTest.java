package io.aicoder.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code docs/finetune.md} shows of data is so. */
class DocumentationTest {

  private static final Path PAGE = Path.of("../docs/finetune.md");

  @Test
  void everyRecordOfThePageIsRead(@TempDir Path folder) throws IOException {
    List<String> records =
        Pattern.compile("`(\\{.*?\\})` \\|")
            .matcher(Files.readString(PAGE))
            .results()
            .map(MatchResult::group)
            .map(found -> found.substring(1, found.length() - 3))
            .toList();
    Path file = Nano.write(folder.resolve("page.jsonl"), records.toArray(String[]::new));
    TrainingData data = Nano.data(file).build();
    assertThat(data.training()).hasSize(7);
    assertThat(data.summary(1, 1).counts().formats())
        .isEqualTo(
            Map.of(
                RecordFormat.AICODEREVAL,
                2,
                RecordFormat.INSTRUCTION,
                1,
                RecordFormat.MESSAGES,
                2,
                RecordFormat.PROMPT_COMPLETION,
                1,
                RecordFormat.TEXT,
                1));
  }

  @Test
  void theSummaryIsThatOfThePage() throws IOException {
    TrainingData data =
        Nano.data(Nano.TRAIN)
            .optSequenceLength(1024)
            .optPacking(true)
            .optValidationFraction(0.04)
            .build();
    String table = data.summary(4, 2).table();
    assertThat(Files.readString(PAGE)).contains(table.replace("../examples", "examples"));
  }
}
