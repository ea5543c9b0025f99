"use strict";

{
  const {report, texts, tasks} = JSON.parse(document.getElementById("data").textContent);
  const rows = report.rows;
  const NO_LINTER = "none";
  const color = index => "run-" + index % 8;
  const shape = index => SHAPES[index % SHAPES.length];

  const runsFigure = document.getElementById("chart-runs");
  const metrics = [
    {key: "sr_all", name: "SR@All", color: "metric-all", shape: d3.symbolCircle},
    {key: "sr_any", name: "SR@Any", color: "metric-any", shape: d3.symbolDiamond2},
  ];
  runsFigure.append(legend(metrics));
  onWidth(runsFigure, width => intervalChart(runsFigure, "Success rate of each run; the table above has the figures",
      rows.map(row => ({
        name: row.name,
        marks: metrics.map(metric => ({...metric, name: row.name + ", " + metric.name, share: row[metric.key]})),
      })), width));

  const passFigure = document.getElementById("chart-pass");
  if (passFigure) {
    const marks = Object.keys(rows[0].pass_at).map((k, index) =>
      ({k, name: "pass@" + k, color: color(index), shape: shape(index)}));
    passFigure.append(legend(marks));
    onWidth(passFigure, width => intervalChart(passFigure, "pass@k of each run; the table above has the figures",
        rows.map(row => ({
          name: row.name,
          marks: marks.map(mark => ({...mark, name: row.name + ", " + mark.name, share: row.pass_at[mark.k]})),
        })), width));
  }

  const partsFigure = document.getElementById("chart-domains");
  const none = {value: 0, low: 0, high: 1, successes: 0, total: 0};
  const chosen = name => document.querySelector(`#parts-switch input[name=${name}]:checked`).value;
  const drawParts = width => {
    const metric = chosen("metric");
    const part = chosen("part");
    const names = [...new Set(rows.flatMap(row => Object.keys(row["by_" + part])))].sort();
    intervalChart(partsFigure, `Success rate by ${part}`,
        names.map(name => {
          const shares = rows.map(row => row["by_" + part][name]?.[metric] || none);
          return {
            name,
            note: d3.max(shares, share => share.total) + " programs",
            marks: rows.map((row, index) =>
              ({name: row.name, color: color(index), shape: shape(index), share: shares[index]})),
          };
        }), width);
  };
  const series = rows.map((row, index) => ({...row, color: color(index), shape: shape(index)}));
  partsFigure.append(legend(series));
  onWidth(partsFigure, drawParts);
  document.getElementById("parts-switch").addEventListener("change", () => drawParts(partsFigure.clientWidth));

  const table = new TaskTable(tasks, rows, texts);

  const verdictsFigure = document.getElementById("chart-verdicts");
  const verdicts = sortVerdicts(new Set(rows.flatMap(row => Object.keys(row.verdicts))));
  verdictsFigure.append(legend(verdicts.map(name => ({name: words(name), color: "verdict-" + name}))));
  onWidth(verdictsFigure, width =>
    verdictChart(verdictsFigure, rows, width, (run, verdict) => table.show({run, verdict})));

  const errorsSection = document.getElementById("errors");
  const kinds = commonestErrors(rows);
  errorsSection.hidden = kinds.length === 0;
  if (kinds.length > 0) {
    const figure = errorsSection.querySelector("figure");
    figure.append(legend(series.map(({name, color}) => ({name, color}))));
    onWidth(figure, width => errorChart(figure, kinds, series, width, (run, error) => table.show({run, error})));
    errorsSection.querySelector(".scroll").append(errorTable(kinds, rows));
  }

  const repaired = series.filter(run => run.rounds.length > 1);
  const roundsSection = document.getElementById("rounds");
  roundsSection.hidden = repaired.length === 0;
  if (repaired.length > 0) {
    const figure = roundsSection.querySelector("figure");
    figure.append(legend(repaired));
    onWidth(figure, width => roundsChart(figure, repaired, width));
    roundsSection.querySelector(".scroll").append(roundsTable(repaired));
    const fixes = document.getElementById("fixes");
    fixes.hidden = repaired.every(run => Object.keys(run.fix_rates.by_failure).length === 0);
    fixes.querySelector(".scroll").append(fixTable(repaired));
    const linters = [...new Set(repaired.filter(run => run.rounds[0].quality).map(run => run.linter || NO_LINTER))];
    roundsSection.querySelector(".linter").textContent = linters.length === 0 ? ""
      : "Complexity is cyclomatic, of the most complex function; in brackets the mean change against the program before. "
        + (linters.includes(NO_LINTER) ? "No linter was there, so lints were not counted." : "Lints by " + linters.join(", ") + ".");
  }

  document.documentElement.dataset.ready = "true";
}
