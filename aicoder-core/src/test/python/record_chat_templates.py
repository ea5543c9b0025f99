"""Records what transformers renders from chat templates: chat_templates.json.

usage: python record_chat_templates.py --tokenizer BASE_DIR --templates TEMPLATES_DIR --out chat_templates.json

BASE_DIR is the nano model under examples/nano, whose own template is the first; TEMPLATES_DIR holds the others, written
for this purpose in the manner of published ones: each file is one template, its name that of the entry.

chat_templates.json: now (the local time that strftime_now tells, ISO 8601), templates; a template has name, template (its text),
special_tokens (name -> text: the variables beside messages, add_generation_prompt, tools and documents; the last two are always
defined, and none) and cases. A case has name, messages, add_generation_prompt, variables (further ones, mostly empty) and either
rendered or error, the message of the template's raise_exception.
"""
import argparse, json
from datetime import datetime
from pathlib import Path

import jinja2
import transformers
from transformers import AutoTokenizer

NOW = datetime(2025, 3, 9, 7, 5, 4)
BRACKETS = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>")
SPECIAL = dict(llama31_style=dict(bos_token="<|begin_of_text|>", eos_token="<|eot_id|>"), chatml_style=dict(eos_token="<|im_end|>", pad_token="<|end|>"),
               llama2_style=BRACKETS, mistral_style=BRACKETS, reasoning_style=BRACKETS)


def say(*turns):
    """Messages from role, content, role, content, ..."""
    return [dict(role=turns[i], content=turns[i + 1]) for i in range(0, len(turns), 2)]


SYSTEM = "You are an engineer who answers with Python only."
JINJA = "{{ bos_token }} {% raise_exception('no') %} {# gone? #} {{ 7 * 7 }} {%- if x -%} }} %} #} {% raw %}{{ a }}{% endraw %}"
CODE = "def f(a: dict[str, int]) -> str:\n    return f\"{a['x']!r:>{8}}\\n\" + '{{}}'.format()  # 100 %\n"
MARKUP = "<b>a && b</b> \"quoted\" 'single' `tick` \\ back\\n /slash/ &amp; <|eot_id|> [INST] </s> $1 ${x} #{y}"
# str.strip() takes all of Unicode's white space and the four separators, but neither U+200B nor U+FEFF.
SPACES = "\u00a0\u3000\u2028\u0085\x1c\x1f \t\u200b inner \u00a0 text \ufeff\t \u2003\u00a0\n"
UNICODE = "Größe in €: naïve café, 数据库, код, שלום, 👩‍💻🏽, \U0001d54f, e\u0301"

# name, messages, add_generation_prompt, variables
CASES = [
    ("one turn", say("user", "Sort a list."), True, {}),
    ("one turn, no generation prompt", say("user", "Sort a list."), False, {}),
    ("system", say("system", SYSTEM, "user", "Sort a list."), True, {}),
    ("system, no generation prompt", say("system", SYSTEM, "user", "Sort a list."), False, {}),
    ("several turns", say("user", "Sort a list.", "assistant", "sorted(x)", "user", "In place?"), True, {}),
    ("several turns with system", say("system", SYSTEM, "user", "Sort.", "assistant", "sorted(x)", "user", "In place?", "assistant", "x.sort()", "user", "Thanks"), True, {}),
    ("ends with the assistant", say("user", "Sort a list.", "assistant", "sorted(x)"), False, {}),
    ("ends with the assistant, generation prompt", say("user", "Sort a list.", "assistant", "sorted(x)"), True, {}),
    ("white space around", say("system", " \n\t Be brief. \n", "user", "\n\n  Sort a list.  \n\n", "assistant", "  sorted(x)\n", "user", "\tIn place? "), True, {}),
    ("white space of all kinds", say("user", SPACES, "assistant", SPACES, "user", SPACES), True, {}),
    ("white space only", say("system", "  ", "user", " \n ", "assistant", "\t", "user", "\n"), True, {}),
    ("empty contents", say("system", "", "user", "", "assistant", "", "user", ""), True, {}),
    ("unicode", say("system", UNICODE, "user", UNICODE, "assistant", UNICODE, "user", UNICODE), True, {}),
    ("jinja in contents", say("system", JINJA, "user", JINJA, "assistant", JINJA, "user", "{{"), True, {}),
    ("code with braces", say("user", CODE, "assistant", CODE, "user", "{" + CODE + "}"), False, {}),
    ("markup and special tokens", say("system", MARKUP, "user", MARKUP, "assistant", MARKUP, "user", MARKUP), True, {}),
    ("line ends", say("user", "a\r\nb\rc\n\n\nd\r\n", "assistant", "e\r\n", "user", "f\x0bg\x0ch"), True, {}),
    ("long", say("user", "\n".join(f"line {i:03d} of a long text" for i in range(40))), True, {}),
    ("two users in a row", say("user", "Sort a list.", "user", "Please."), True, {}),
    ("assistant first", say("assistant", "Hello.", "user", "Sort a list."), True, {}),
    ("system last", say("user", "Sort a list.", "system", SYSTEM), True, {}),
    ("system only", say("system", SYSTEM), True, {}),
    ("unknown role", say("user", "Sort a list.", "critic", "Too short."), True, {}),
    ("tool result", say("user", "What is 2 + 3?", "assistant", "add(2, 3)", "tool", "{\"sum\": 5, \"note\": \"<ok> \u00e9\"}", "tool", "a\r\nb", "user", "So?"), True, {}),
]
OWN = dict(
    llama31_style=[
        ("date given", say("user", "Sort a list."), True, dict(date_string="26 Jul 2024")),
        ("date given as nothing", say("user", "Sort a list."), True, dict(date_string="")),
        ("ipython", say("user", "What is 2 + 3?", "assistant", "add(2, 3)", "ipython", " 5 ", "assistant", "It is 5."), False, {}),
    ],
    reasoning_style=[
        ("thought in the content", say("user", "Sort.", "assistant", "<think>\n\nwhich way?\n\n</think>\n\n x.sort()\n", "user", "Why?"), True, {}),
        ("thought in the last content", say("user", "Sort.", "assistant", "<think>which way?</think>x.sort()"), False, {}),
        ("thought beside the content", [dict(role="user", content="Sort."), dict(role="assistant", content="x.sort()", reasoning="\nwhich way?\n"), dict(role="tool", content="done")], True, {}),
        ("no thinking", say("user", "Sort."), True, dict(thinking=False)),
        ("two systems", say("system", "One. \n", "system", "Two.", "user", "<result>x", "user", "Sort."), True, {}),
        ("further keys", [dict(role="user", content="Sort.", tags=["a", "b"], name="ann"), dict(role="user", content="Now.", tags=[])], True, {}),
        ("unfinished", say("user", "Sort.", "assistant", "FIRST I would..."), False, {}),
    ],
)


def render(tokenizer, template, special, case):
    """One case with what came of it."""
    name, messages, prompt, variables = case
    out = dict(name=name, messages=messages, add_generation_prompt=prompt, variables=variables)
    try:
        out["rendered"] = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False, add_generation_prompt=prompt,
                                                        strftime_now=NOW.strftime, **special, **variables)
    except jinja2.exceptions.TemplateError as error:
        if type(error) is not jinja2.exceptions.TemplateError:  # a mistake in the template: raise_exception gives just this class
            raise
        out["error"] = str(error)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--templates", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.tokenizer)
    todo = [("nano", tokenizer.chat_template, dict(tokenizer.special_tokens_map))]
    # Only the special tokens of the template at hand are to be variables.
    bare = AutoTokenizer.from_pretrained(args.tokenizer, bos_token=None, eos_token=None, pad_token=None)
    assert not bare.special_tokens_map, bare.special_tokens_map
    todo += [(name, (args.templates / f"{name}.jinja").read_text(encoding="utf-8"), special) for name, special in SPECIAL.items()]
    templates = []
    for name, template, special in todo:
        cases = [render(bare, template, special, case) for case in CASES + OWN.get(name, [])]
        templates.append(dict(name=name, template=template, special_tokens=special, cases=cases))
        print(f"{name}: {len(cases)} cases, {sum('error' in c for c in cases)} raised")
    result = dict(transformers=transformers.__version__, jinja2=jinja2.__version__, now=NOW.isoformat(), templates=templates)
    args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
