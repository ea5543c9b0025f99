"use strict";

{
  const {report, texts, tasks} = JSON.parse(document.getElementById("data").textContent);
  const rows = report.rows;
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

  const domainsFigure = document.getElementById("chart-domains");
  const none = {value: 0, low: 0, high: 1, successes: 0, total: 0};
  const domains = [...new Set(rows.flatMap(row => Object.keys(row.by_domain)))].sort();
  const drawDomains = width => {
    const metric = document.querySelector("#domain-metric input:checked").value;
    intervalChart(domainsFigure, "Success rate in each domain; the table below has the figures",
        domains.map(domain => {
          const shares = rows.map(row => row.by_domain[domain]?.[metric] || none);
          return {
            name: domain,
            note: d3.max(shares, share => share.total) + " programs",
            marks: rows.map((row, index) =>
              ({name: row.name, color: color(index), shape: shape(index), share: shares[index]})),
          };
        }), width);
  };
  domainsFigure.append(legend(rows.map((row, index) => ({name: row.name, color: color(index), shape: shape(index)}))));
  onWidth(domainsFigure, drawDomains);
  document.getElementById("domain-metric").addEventListener("change", () => drawDomains(domainsFigure.clientWidth));

  const table = new TaskTable(tasks, rows, texts);

  const verdictsFigure = document.getElementById("chart-verdicts");
  const verdicts = sortVerdicts(new Set(rows.flatMap(row => Object.keys(row.verdicts))));
  verdictsFigure.append(legend(verdicts.map(name => ({name: words(name), color: "verdict-" + name}))));
  onWidth(verdictsFigure, width => verdictChart(verdictsFigure, rows, width, (run, verdict) => table.show(run, verdict)));

  document.getElementById("exceptions").append(...exceptionTable(tasks, rows));

  document.documentElement.dataset.ready = "true";
}
