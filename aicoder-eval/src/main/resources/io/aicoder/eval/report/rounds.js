"use strict";

/**
 * Draws the share of samples that are solved after each round.
 *
 * @param series [{name, color, shape, rounds}] of the runs that went on after a first program
 */
function roundsChart(figure, series, width) {
  const height = 260;
  const margin = {top: 14, right: 24, bottom: 44, left: 52};
  const last = d3.max(series, run => run.rounds.length - 1);
  const shares = series.flatMap(run => run.rounds.map(round => round.solved.value));
  const x = d3.scaleLinear([0, last], [margin.left + 16, width - margin.right - 16]);
  const y = d3.scaleLinear([Math.max(0, d3.min(shares) - 0.05), Math.min(1, d3.max(shares) + 0.05)],
      [height - margin.bottom, margin.top]).nice(5);
  const svg = d3.create("svg").attr("class", "chart").attr("viewBox", [0, 0, width, height])
      .attr("width", width).attr("height", height)
      .attr("role", "img").attr("aria-label", "Samples solved after each round; the table below has the figures");
  svg.append("g").attr("class", "axis").attr("transform", `translate(${margin.left},0)`)
      .call(d3.axisLeft(y).ticks(5).tickFormat(d3.format(".0%")).tickSize(-(width - margin.left - margin.right)).tickPadding(8));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
      .call(d3.axisBottom(x).tickValues(d3.range(last + 1)).tickFormat(d3.format("d")).tickSize(0).tickPadding(10));
  svg.append("text").attr("class", "value").attr("x", (margin.left + width - margin.right) / 2).attr("y", height - 6)
      .attr("text-anchor", "middle").text("round (0: the first program)");
  for (const {name, color, shape, rounds} of series) {
    const g = svg.append("g").attr("class", "mark " + color);
    g.append("path").attr("class", "line")
        .attr("d", d3.line(round => x(round.round), round => y(round.solved.value))(rounds));
    for (const {round, fixed, solved} of rounds) {
      const point = g.append("g").attr("transform", `translate(${x(round)},${y(solved.value)})`);
      point.append("path").attr("class", "dot").attr("d", d3.symbol(shape, 105)());
      point.append("title").text(`${name}, round ${round}: ${fixed.successes} of ${fixed.total} programs pass; `
          + `${percent(solved.value)} % of the samples are solved`);
    }
  }
  figure.querySelector("svg.chart")?.remove();
  figure.append(svg.node());
}

/** Returns the table of fix rates: a row for each kind of failure, the commonest first, a column for each run. */
function fixTable(series) {
  const totals = new Map();
  series.forEach(run => Object.entries(run.fix_rates.by_failure).forEach(([failure, rate]) =>
    totals.set(failure, (totals.get(failure) || 0) + rate.total)));
  const cell = rate => element("td", {}, ...rate ? [`${rate.successes} of ${rate.total} `, element("b", {}, percent(rate.value) + " %"),
    " ", element("span", {class: "interval"}, `${percent(rate.low)}–${percent(rate.high)}`)] : ["–"]);
  return element("table", {class: "figures", id: "fix-table"},
      element("thead", {}, element("tr", {},
          ["Failed of", ...series.map(run => run.name)].map(head => element("th", {scope: "col"}, head)))),
      element("tbody", {}, d3.sort(totals.keys(), failure => -totals.get(failure)).map(failure => element("tr", {},
          element("th", {scope: "row"}, words(failure)), series.map(run => cell(run.fix_rates.by_failure[failure]))))));
}

/** Returns the table of rounds, with complexity and lints where they were measured. */
function roundsTable(series) {
  const measured = series.some(run => run.rounds.some(round => round.quality));
  const change = (value, delta) => value === null || value === undefined ? "–"
    : value.toFixed(2) + (delta === null || delta === undefined ? "" : ` (${delta < 0 ? "−" : "+"}${Math.abs(delta).toFixed(2)})`);
  const cells = ({round, fixed, solved, quality: q}) => [round, `${fixed.successes} of ${fixed.total}`,
    fixed.total ? percent(fixed.value) : "–", percent(solved.value),
    ...measured ? [q ? change(q.complexity, q.complexity_change) : "–", q ? change(q.lints, q.lints_change) : "–"] : []];
  const heads = ["Run", "Round", "Pass", "Fix rate %", "Solved so far %", ...measured ? ["Complexity", "Lints"] : []];
  return element("table", {class: "figures", id: "rounds-table"},
      element("thead", {}, element("tr", {}, heads.map(head => element("th", {scope: "col"}, head)))),
      element("tbody", {}, series.flatMap(run => run.rounds.map(round => element("tr", {},
          element("th", {scope: "row"}, run.name), cells(round).map(cell => element("td", {}, String(cell))))))));
}
