"use strict";

/**
 * Builds an element. Texts become text nodes, never markup.
 *
 * @param tag its name
 * @param attributes attributes; a function is a listener, false or null leaves the attribute out
 * @param children elements and texts
 */
function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") {
      node.addEventListener(name, value);
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...children.flat().filter(child => child !== null && child !== undefined));
  return node;
}

const percent = share => (100 * share).toFixed(1);

const words = name => name.replaceAll("_", " ");

/** Verdicts from best to worst. */
const VERDICTS = ["passed", "partial", "wrong", "exception", "no_code", "timeout", "out_of_memory",
  "output_limit", "aborted", "infrastructure"];

function verdictRank(name) {
  const index = VERDICTS.indexOf(name);
  return index < 0 ? VERDICTS.length : index;
}

function sortVerdicts(names) {
  return [...names].sort((a, b) => verdictRank(a) - verdictRank(b) || (a < b ? -1 : 1));
}
