package io.aicoder.eval.report;

import static java.util.stream.Collectors.joining;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import com.github.freva.asciitable.OverflowBehaviour;
import io.aicoder.eval.run.RunResult;
import java.util.List;
import java.util.function.Function;

/** The headline figures as a plain-text table, at most 120 columns wide. */
public final class ConsoleTable {

  private static final int NAME_WIDTH = 28;

  private ConsoleTable() {}

  /**
   * Draws one row for each run: name, SR@All and SR@Any in per cent with their 95&nbsp;% intervals,
   * CL (lines), CT (tokens), tokens spent, seconds. Long names are wrapped.
   *
   * @param runs the rows, in this order
   * @return the table and, where a run saw its tests' output, a line that says so; ends with a line
   *     feed
   */
  public static String render(List<RunResult> runs) {
    List<ColumnData<RunResult>> columns =
        List.of(
            new Column()
                .header("")
                .dataAlign(HorizontalAlign.LEFT)
                .maxWidth(NAME_WIDTH, OverflowBehaviour.NEWLINE)
                .with(run -> Report.seesTests(run) ? run.name() + " *" : run.name()),
            number("SR@All %", run -> Numbers.percent(run.scores().srAll())),
            number("95 % CI", run -> Numbers.interval(run.scores().srAll())),
            number("SR@Any %", run -> Numbers.percent(run.scores().srAny())),
            number("95 % CI", run -> Numbers.interval(run.scores().srAny())),
            number("CL", run -> Numbers.decimal(run.scores().cl())),
            number("CT", run -> Numbers.decimal(run.scores().ct())),
            number("tokens", run -> Numbers.shortCount(run.scores().tokens())),
            number("seconds", run -> Numbers.seconds(run.scores().seconds())));
    String table =
        AsciiTable.builder()
            .border(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS_NO_OUTSIDE_BORDER)
            .lineSeparator("\n")
            .data(runs, columns)
            .asString();
    String note =
        runs.stream().anyMatch(Report::seesTests)
            ? "* tried again after the tests that score it had run: not blind\n"
            : "";
    return table.lines().map(line -> line.stripTrailing() + "\n").collect(joining()) + note;
  }

  private static ColumnData<RunResult> number(String header, Function<RunResult, String> text) {
    return new Column()
        .header(header)
        .headerAlign(HorizontalAlign.RIGHT)
        .dataAlign(HorizontalAlign.RIGHT)
        .with(text);
  }
}
