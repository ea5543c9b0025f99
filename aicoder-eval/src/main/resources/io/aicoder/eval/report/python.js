"use strict";

/** Comment, text, keyword or number; the rest of a program stays plain. */
const PYTHON = new RegExp([
  /(#[^\n]*)/,
  /([rbfuRBFU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))/,
  /\b(False|None|True|and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield)\b/,
  /\b(\d[\w.]*)\b/,
].map(part => part.source).join("|"), "g");

const PYTHON_CLASSES = [null, "comment", "string", "keyword", "number"];

/** Returns a pre element with the program, coloured. */
function program(code) {
  const block = element("pre", {class: "code", tabindex: "0"});
  let end = 0;
  for (const match of code.matchAll(PYTHON)) {
    const kind = match.findIndex((group, index) => index > 0 && group !== undefined);
    block.append(code.slice(end, match.index), element("span", {class: PYTHON_CLASSES[kind]}, match[0]));
    end = match.index + match[0].length;
  }
  block.append(code.slice(end));
  return block;
}
