"use strict";
// First of all, so that a failure of what follows shows on the page.
addEventListener("error", event => {
  const root = document.documentElement;
  root.dataset.error = event.message || "a script could not be loaded";
  const notice = document.getElementById("failure");
  notice.hidden = false;
  notice.textContent = "A script of this page failed, so curves may be missing: " + root.dataset.error;
});
addEventListener("securitypolicyviolation", event => {
  document.documentElement.dataset.error = "blocked: " + event.violatedDirective + " " + event.blockedURI;
});

/** Points of a column, without those where nothing was measured. */
const points = (steps, values) =>
  steps.map((step, index) => [step, values[index]]).filter(point => point[1] !== null);

/** The exponential mean of the values so far, as TensorBoard smooths: without the pull of a beginning at zero. */
function smoothed(values, weight) {
  let mean = 0;
  let share = 0;
  return values.map(([step, value]) => {
    mean = weight * mean + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return [step, mean / share];
  });
}

/** The steps after which an epoch ends. */
function epochEnds(steps, epochs) {
  const ends = [];
  for (let index = 1; index < steps.length; index++) {
    if (Math.floor(epochs[index] + 1e-9) > Math.floor(epochs[index - 1] + 1e-9)) {
      ends.push(steps[index]);
    }
  }
  return ends;
}

function figureText(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return d3.format(".3~e")(value);
  }
  return size >= 100 ? d3.format(",.0f")(value) : d3.format(".4~r")(value);
}

/** One sentence for those who do not see the curve. */
function described({name, values}) {
  const [first, last] = [values[0], values[values.length - 1]];
  const low = d3.least(values, point => point[1]);
  const high = d3.greatest(values, point => point[1]);
  return `${name}: from ${figureText(first[1])} at step ${first[0]} to ${figureText(last[1])} at step ${last[0]}, `
    + `lowest ${figureText(low[1])} at step ${low[0]}, highest ${figureText(high[1])} at step ${high[0]}.`;
}

/** Domain of the ordinate. A loss begins high: one wild first step must not flatten all others. */
function ordinate(series, {zero, logarithmic}, range) {
  const values = series.flatMap(one => one.values.map(point => point[1]));
  let [low, high] = d3.extent(values);
  if (logarithmic) {
    const positive = values.filter(value => value > 0);
    low = d3.min(positive) ?? 0.1;
    return d3.scaleLog([low * 0.9, Math.max(high, low * 1.5) * 1.1], range);
  }
  if (zero) {
    low = Math.min(0, low);
  }
  if (low === high) {
    const margin = Math.abs(low) * 0.1 || 1;
    [low, high] = [low - margin, high + margin];
  }
  return d3.scaleLinear([low, high], range).nice(5);
}

/** Every 1, 2 and 5 of each power of ten. */
function decades([low, high]) {
  return d3.range(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)))
    .flatMap(power => [1, 2, 5].map(digit => Number(digit + "e" + power)))
    .filter(value => value >= low && value <= high);
}

/** Writes the ordinate's numbers all in one way. */
function tickFormat(y, logarithmic) {
  if (logarithmic) {
    return d3.format("~g");
  }
  const [low, high] = y.domain();
  const small = Math.max(Math.abs(low), Math.abs(high)) < 0.01;
  return small ? value => value === 0 ? "0" : d3.format("~e")(value) : y.tickFormat(5);
}

/**
 * Draws curves over the steps.
 *
 * @param figure where to
 * @param title what the chart is called aloud
 * @param series [{name, hue, values: [[step, value]], raw, dots, quiet}]; raw ones are thin, quiet ones have no entry in the tip
 * @param options {height, ends: steps where epochs end, extent of the steps, zero, logarithmic}
 */
function chart(figure, title, series, options, width) {
  const height = width < 520 ? Math.min(options.height, 240) : options.height;
  const margin = {top: 12, right: 12, bottom: 42, left: 58};
  const x = d3.scaleLinear(options.extent, [margin.left, width - margin.right]);
  const y = ordinate(series, options, [height - margin.bottom, margin.top]);
  const svg = d3.create("svg").attr("class", "chart").attr("viewBox", [0, 0, width, height]).attr("width", width)
    .attr("height", height).attr("role", "img").attr("tabindex", 0).attr("aria-labelledby", figure.id + "-label " + figure.id + "-desc");
  svg.append("title").attr("id", figure.id + "-label").text(title);
  svg.append("desc").attr("id", figure.id + "-desc").text(series.filter(one => !one.quiet).map(described).join(" "));
  const inner = width - margin.left - margin.right;
  svg.append("g").attr("class", "axis").attr("transform", `translate(${margin.left},0)`)
    .call(d3.axisLeft(y).ticks(5).tickValues(options.logarithmic ? decades(y.domain()) : null)
      .tickFormat(tickFormat(y, options.logarithmic)).tickSize(-inner).tickPadding(8));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
    .call(d3.axisBottom(x).tickValues(x.ticks(Math.max(3, Math.min(10, inner / 80))).filter(Number.isInteger)).tickFormat(d3.format(",d")).tickSize(0).tickPadding(10));
  svg.append("text").attr("class", "caption").attr("x", width - margin.right).attr("y", height - 1).attr("text-anchor", "end").text("step");
  svg.append("g").selectAll("line").data(options.ends).join("line").attr("class", "epoch")
    .attr("x1", x).attr("x2", x).attr("y1", margin.top).attr("y2", height - margin.bottom);
  const drawable = values => options.logarithmic ? values.filter(point => point[1] > 0) : values;
  const line = d3.line(point => x(point[0]), point => y(point[1]));
  for (const one of series) {
    const g = svg.append("g").attr("class", "series hue-" + one.hue);
    g.append("path").attr("class", one.raw ? "curve raw" : "curve").attr("d", line(drawable(one.values)));
    if (one.dots) {
      g.selectAll("circle").data(drawable(one.values)).join("circle").attr("class", "dot")
        .attr("cx", point => x(point[0])).attr("cy", point => y(point[1])).attr("r", 4);
    }
  }
  pointing(svg, series.filter(one => !one.quiet), x, margin, width, height);
  figure.querySelector("svg.chart")?.remove();
  figure.append(svg.node());
}

/** Shows the figures of the step that is pointed at, or that the arrow keys chose. */
function pointing(svg, series, x, margin, width, height) {
  const all = d3.sort(new Set(series.flatMap(one => one.values.map(point => point[0]))));
  const rule = svg.append("line").attr("class", "rule").attr("y1", margin.top).attr("y2", height - margin.bottom).attr("visibility", "hidden");
  const tip = svg.append("g").attr("class", "tip").attr("visibility", "hidden").attr("aria-live", "polite");
  let chosen = -1;
  const show = index => {
    chosen = index;
    const step = all[index];
    tip.selectAll("*").remove();
    const box = tip.append("rect").attr("rx", 6);
    tip.append("text").attr("class", "at").attr("x", 10).attr("y", 19).text("step " + d3.format(",")(step));
    const rows = series.map(one => ({...one, point: one.values[d3.bisector(point => point[0]).center(one.values, step)]}));
    rows.forEach((row, line) => {
      const at = row.point[0] === step ? "" : ` (step ${d3.format(",")(row.point[0])})`;
      tip.append("path").attr("class", "hue-" + row.hue).attr("d", "M0-4H8V4H0Z").attr("transform", `translate(10,${34 + 18 * line})`);
      tip.append("text").attr("x", 24).attr("y", 38 + 18 * line).text(`${row.name} ${figureText(row.point[1])}${at}`);
    });
    const texts = tip.selectAll("text").nodes().map(node => node.getComputedTextLength() + Number(node.getAttribute("x")));
    const size = d3.max(texts) + 12;
    box.attr("width", size).attr("height", 30 + 18 * rows.length);
    const left = x(step) + 12 + size > width ? Math.max(0, x(step) - 12 - size) : x(step) + 12;
    tip.attr("transform", `translate(${left},${margin.top + 4})`).attr("visibility", "visible");
    rule.attr("x1", x(step)).attr("x2", x(step)).attr("visibility", "visible");
  };
  const hide = () => [rule, tip].forEach(part => part.attr("visibility", "hidden"));
  svg.on("pointermove pointerdown", event => show(d3.bisectCenter(all, x.invert(d3.pointer(event)[0]))))
    .on("pointerleave blur", hide)
    .on("keydown", event => {
      const move = {ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity}[event.key];
      if (move !== undefined) {
        event.preventDefault();
        show(Math.max(0, Math.min(all.length - 1, chosen + move)));
      }
    });
}

function legend(series) {
  const list = d3.create("ul").attr("class", "legend");
  for (const one of series.filter(one => !one.quiet)) {
    const item = list.append("li");
    item.append("svg").attr("width", 14).attr("height", 14).attr("viewBox", "-7 -7 14 14").attr("aria-hidden", "true")
      .append("path").attr("class", "hue-" + one.hue).attr("d", one.dots ? d3.symbol(d3.symbolCircle, 60)() : "M-7-1.5H7V1.5H-7Z");
    item.append("span").text(one.name);
  }
  return list.node();
}

/** Draws a chart now and whenever its figure gets another width; returns a function that draws it again. */
function place(figure, title, series, options, named = false) {
  const filled = () => series().filter(one => one.values.length > 0);
  if (filled().length === 0) {
    figure.append(d3.create("p").attr("class", "none").text("Nothing was measured.").node());
    return () => {};
  }
  if (named || filled().filter(one => !one.quiet).length > 1) {
    figure.append(legend(filled()));
  }
  let drawn = 0;
  const draw = () => chart(figure, title, filled(), options(), drawn);
  const resized = () => {
    const width = Math.floor(figure.clientWidth);
    if (width > 0 && width !== drawn) {
      drawn = width;
      draw();
    }
  };
  resized();
  new ResizeObserver(resized).observe(figure);
  return draw;
}

{
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = id => document.getElementById(id);
  const measured = data.evaluations;
  const all = [...data.step, ...measured.step];
  const extent = all.length === 0 ? [0, 1] : [Math.min(...d3.extent(data.step.length ? data.step : all), ...measured.step), d3.max(all)];
  const common = {ends: epochEnds(data.step, data.epoch).filter(step => step < extent[1]), extent};
  const loss = points(data.step, data.loss);

  const weight = () => Number(byId("smoothing").value);
  /** A noisy column: thin as it is, and smoothed over it. */
  const noisy = (name, values) => [
    {name, hue: 0, raw: weight() > 0, quiet: weight() > 0, values},
    ...weight() > 0 ? [{name, hue: 0, values: smoothed(values, weight())}] : [],
  ];
  // A loss that falls far is flat on a linear scale from then on; a few wild steps are no fall.
  const [low, high] = [0.02, 0.98].map(share => d3.quantile(smoothed(loss, 0.9), share, point => point[1]));
  byId("logarithmic").checked = low > 0 && high / low > 8;
  const draws = [place(byId("loss"), "Loss by step", () => [
    ...noisy("training", loss),
    {name: "validation", hue: 1, dots: true, values: points(measured.step, measured.loss)},
  ], () => ({...common, height: 340, zero: true, logarithmic: byId("logarithmic").checked}))];

  const scores = Object.entries(measured.scores);
  byId("scores-section").hidden = scores.length === 0;
  if (scores.length > 0) {
    place(byId("scores"), "Scores by step",
      () => scores.map(([name, values], index) => ({name, hue: (index + 2) % 6, dots: true, values: points(measured.step, values)})),
      () => ({...common, height: 260}), true);
  }

  const small = (id, title, series) =>
    draws.push(place(byId(id), title + " by step", () => series(title, points(data.step, data[id])), () => ({...common, height: 210, zero: true})));
  const plain = (name, values) => [{name, hue: 0, values}];
  small("learning_rate", "Learning rate", plain);
  small("gradient_norm", "Gradient norm", noisy);
  small("tokens_per_second", "Tokens a second", noisy);
  small("memory", "Memory in GiB", plain);
  byId("options").addEventListener("input", () => {
    document.querySelector("#options output").textContent = weight().toFixed(2);
    draws.forEach(draw => draw());
  });
  byId("options").addEventListener("submit", event => event.preventDefault());
  document.documentElement.dataset.ready = "true";
}
