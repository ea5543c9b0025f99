"use strict";

/** Returns the short word for a step: the exception's class where there is one. */
function outcome(step) {
  const type = step.verdict === "exception" && /^[A-Za-z_][\w.]*/.exec(step.detail || "");
  return type ? type[0] : words(step.verdict);
}

function chip(verdict, ...content) {
  return element("span", {class: "chip verdict-" + verdict}, ...content);
}

/** Returns what stands in a task's cell for a run: one sample's verdict, or how many of them passed. */
function cellContent(samples) {
  if (samples.length === 0) {
    return element("span", {class: "none"}, "not run");
  }
  const bests = samples.map(sample => sample.steps[sample.best]);
  if (samples.length > 1) {
    const passed = bests.filter(step => step.verdict === "passed").length;
    const verdict = passed === samples.length ? "passed" : passed > 0 ? "partial" : bests[0].verdict;
    return chip(verdict, `${passed} of ${samples.length}`);
  }
  const best = bests[0];
  const cases = best.verdict === "partial" ? ` ${best.passed}/${best.total}` : "";
  const tries = samples[0].steps.length;
  const retried = element("span", {class: "tries", title: tries + " programs tried"}, "×" + tries);
  return [chip(best.verdict, outcome(best) + cases), tries > 1 ? retried : null];
}

/** Returns all that the runs made of a task. */
function taskDetails(task, runs, texts) {
  const first = task.runs.flat()[0].steps[0];
  const prompt = first.prompt === undefined ? "" : texts[first.prompt];
  const shown = new Map();
  const columns = runs.map((run, index) => runDetails(run, task.runs[index], {taskPrompt: first.prompt, texts, shown}));
  return element("div", {class: "task-details"},
      element("details", {class: "prompt"},
          element("summary", {}, "Prompt"), program(prompt)),
      element("div", {class: "columns"}, columns));
}

/**
 * Returns what one run made of a task.
 *
 * @param shown maps the programs that are on show to their runs: the same one again is folded away
 */
function runDetails(run, samples, {taskPrompt, texts, shown}) {
  const body = samples.map((sample, index) => [
    samples.length > 1 ? element("h5", {}, `Sample ${index + 1}`) : null,
    ...sample.steps.map((step, number) => stepDetails(step, {
      title: sample.steps.length > 1 ? `Program ${number + 1} of ${sample.steps.length}` : "Program",
      counts: sample.steps.length > 1 && number === sample.best,
      prompt: step.prompt === taskPrompt || step.prompt === undefined ? null : texts[step.prompt],
      sameAs: shown.get(step.code),
      before: number > 0 ? sample.steps[number - 1].code : undefined,
    }, texts)),
  ]).flat();
  samples.flatMap(sample => sample.steps).filter(step => step.code !== undefined && !shown.has(step.code))
      .forEach(step => shown.set(step.code, run.name));
  return element("section", {class: "run"}, element("h4", {}, run.name),
      body.length > 0 ? body : element("p", {class: "none"}, "Not run on this task."));
}

function stepDetails(step, {title, counts, prompt, sameAs, before}, texts) {
  const text = name => step[name] === undefined ? null : texts[step[name]];
  const block = (name, label, open) => text(name) === null ? null
    : element("details", {open}, element("summary", {}, label), element("pre", {tabindex: "0"}, text(name)));
  const answer = text("answer");
  return element("article", {class: "step"},
      step.turns === undefined ? null : turns(step.turns, texts),
      text("suggestion") === null ? null : element("blockquote", {}, element("b", {}, "Suggestion "), text("suggestion")),
      element("p", {class: "step-title"}, element("b", {}, title), " ", chip(step.verdict, outcome(step)),
          step.total > 0 ? element("span", {class: "cases"}, `${step.passed} of ${step.total} cases`) : null,
          counts ? element("span", {class: "counts"}, "this one counts") : null,
          text("shown_test") === null ? null : element("span", {class: "shown"}, "not scored: judged by the test that the agent saw")),
      step.detail && step.verdict !== "passed" ? element("p", {class: "detail"}, step.detail) : null,
      before === undefined || text("code") === null ? null
        : before === step.code ? element("p", {class: "none"}, "The same as the program before.")
        : element("details", {open: true, class: "changes"}, element("summary", {}, "Changes against the program before"),
            difference(texts[before], text("code"))),
      text("code") === null
        ? element("p", {class: "none"}, "No program in the answer" + (answer === null ? "." : ":"))
        : sameAs ? element("details", {}, element("summary", {}, "The same program as " + sameAs), program(text("code")))
        : before !== undefined ? element("details", {}, element("summary", {}, "The whole program"), program(text("code")))
        : program(text("code")),
      answer === null ? null : element("pre", {tabindex: "0"}, answer),
      block("stderr", "Standard error", step.verdict !== "passed" && !sameAs),
      block("stdout", "Standard output", false),
      block("shown_test", "The test that the agent saw", false),
      prompt === null ? null
        : element("details", {}, element("summary", {}, "Prompt of this program"), element("pre", {tabindex: "0"}, prompt)),
      element("p", {class: "cost"}, [
        `${step.lines} lines`, `${step.code_tokens} tokens of code`,
        `${step.prompt_tokens} + ${step.completion_tokens} tokens spent`,
        `${step.generate_seconds.toFixed(1)} s to write`, `${step.execute_seconds.toFixed(1)} s to run`,
        ...step.usd === undefined ? [] : [`${step.usd.toFixed(4)} USD`]].join(" · ")));
}

/** Returns what an agent with tools thought, did and saw before it handed in a program. */
function turns(entries, texts) {
  const text = (label, index) => index === undefined ? [] : [element("dt", {}, label), element("dd", {}, element("pre", {tabindex: "0"}, texts[index]))];
  return element("details", {open: true, class: "turns"},
      element("summary", {}, entries.length === 1 ? "1 turn" : entries.length + " turns"),
      element("ol", {}, entries.map(turn => element("li", {}, element("dl", {},
          turn.thought === undefined ? [] : [element("dt", {}, "Thought"), element("dd", {}, texts[turn.thought])],
          element("dt", {}, "Action"), element("dd", {}, element("code", {}, turn.action || "none")),
          ...text("Input", turn.input), ...text("Output", turn.output))))));
}
