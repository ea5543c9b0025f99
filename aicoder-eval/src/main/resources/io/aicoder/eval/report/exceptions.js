"use strict";

/** Returns a heading and a table of the commonest exceptions in each run; nothing without any. */
function exceptionTable(tasks, runs) {
  const counts = new Map();
  for (const task of tasks) {
    task.runs.forEach((samples, run) => samples.map(sample => sample.steps[sample.best])
        .filter(step => step.verdict === "exception")
        .forEach(step => {
          const type = outcome(step);
          counts.set(type, counts.get(type) || runs.map(() => 0));
          counts.get(type)[run]++;
        }));
  }
  const commonest = d3.sort(counts, ([, row]) => -d3.sum(row)).slice(0, 12);
  if (commonest.length === 0) {
    return [];
  }
  const cell = (count, run, type) => element("td", {}, count === 0
      ? element("span", {class: "none"}, "0")
      : element("a", {href: "#" + new URLSearchParams({run: run.name, verdict: "exception", q: type})}, String(count)));
  return [
    element("h3", {}, "Commonest exceptions"),
    element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Commonest exceptions, table"},
        element("table", {class: "figures by-run"},
            element("thead", {}, element("tr", {},
                ["Exception", ...runs.map(run => run.name)].map(head => element("th", {scope: "col"}, head)))),
            element("tbody", {}, commonest.map(([type, row]) => element("tr", {},
                element("th", {scope: "row"}, type), runs.map((run, index) => cell(row[index], run, type))))))),
  ];
}
