"""Records what transformers makes of training records: data/examples.json.

usage: python record_data.py --tokenizer BASE_DIR --train TRAIN_JSONL_GZ --out examples.json

BASE_DIR is the nano model under examples/nano, TRAIN_JSONL_GZ its tasks/train.jsonl.gz. Conversations are rendered and tokenized
by apply_chat_template, whose {% generation %} blocks tell what the assistant wrote; texts by the tokenizer with its own begin token
and eos_token behind.

examples.json:
- templates: name, template (without the generation blocks, which render nothing) and cases; a case has name, record (one line of a
  data file), options (those that are not the default: completion_only, last_answer_only, end_of_text) and what came of it: ids and
  labels, -100 where no loss falls, unshifted, the first one always -100
- train: for all of TRAIN_JSONL_GZ: records, tokens, loss_tokens and sha256 (of each record's length, then its ids with their labels
  alternating, all as big-endian 32-bit numbers)
- shuffles: seed, purpose, size and order: Fisher-Yates driven by SplitMix64, written down here a second time
"""
import argparse, gzip, hashlib, json, re, struct
from pathlib import Path

import transformers
from transformers import AutoTokenizer

MASK64 = (1 << 64) - 1
NANO = ("{% for message in messages %}{% if loop.index0 == 0 %}{{ bos_token }}{% endif %}"
        "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}{% if message['role'] == 'assistant' %}"
        "{% generation %}{{ message['content'] | trim + '<|eot_id|>' }}{% endgeneration %}{% else %}"
        "{{ message['content'] | trim + '<|eot_id|>' }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}")
# A line end stands behind the token that ends a turn: it is not the assistant's. No begin token.
LINES = ("{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>' }}{% if message['role'] == 'assistant' %}"
         "{% generation %}{{ message['content'] + '<|eot_id|>' }}{% endgeneration %}{% else %}{{ message['content'] + '<|eot_id|>' }}{% endif %}"
         "{{ '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>' }}{% endif %}")
# Nothing but text: the answer ends where its line does.
PLAIN = ("{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}{{ 'Answer:' }}"
         "{% generation %}{{ ' ' + message['content'] + '\n' }}{% endgeneration %}{% else %}{{ 'Question: ' + message['content'] + '\n' }}{% endif %}"
         "{% endfor %}{% if add_generation_prompt %}{{ 'Answer:' }}{% endif %}")

CODE = "def add(a, b):\n    \"\"\"Add two numbers.\n\n    Args:\n        a: one\n    \"\"\"\n"
BODY = "    total = a + b\n    return total"


def say(*turns):
    """Messages from role, content, role, content, ..."""
    return [dict(role=turns[i], content=turns[i + 1]) for i in range(0, len(turns), 2)]


ASK = say("user", "Sort a list.", "assistant", "sorted(x)")
LONG = say("system", "Be brief.", "user", "Sort a list.", "assistant", "sorted(x)", "user", "In place?", "assistant", "  x.sort()\n")
UNICODE = say("user", "Größe in €: 数据库 👩‍💻", "assistant", "naïve café \u00a0 e\u0301")
CONTENT = ("# requirements_file --- pip install torch\n# function_import ---\n\nimport torch\n\n# function_code ---\n\n" + CODE + BODY +
           "\n\n# test_function_code ---\n\ndef test_add():\n    assert add(1, 2) == 3\n\n# call_test_function_line ---\n\ntest_add()\n")
SHOWN = "import torch\n\n" + CODE


def chat(name, record, messages, learned=None, **options):
    """A case that becomes a conversation; learned are the answers (counted among messages) on which loss falls, all if not given."""
    return dict(name=name, record=record, options=options, messages=messages, learned=learned)


def text(name, record, parts, **options):
    """A case that becomes a text: its prompt and its completion."""
    return dict(name=name, record=record, options=options, parts=parts)


CHATS = [
    chat("one turn", dict(messages=ASK), ASK),
    chat("several turns", dict(messages=LONG), LONG),
    chat("last answer only", dict(messages=LONG), LONG, [4], last_answer_only=True),
    chat("all tokens", dict(messages=LONG), LONG, "all", completion_only=False),
    chat("ends with the user", dict(messages=LONG + say("user", "Thanks")), LONG + say("user", "Thanks")),
    chat("unicode", dict(messages=UNICODE), UNICODE),
    chat("an answer out of the loss", dict(messages=[LONG[0], LONG[1], dict(LONG[2], weight=0), LONG[3], dict(LONG[4], weight=1)]), LONG, [4]),
    chat("parts of text", dict(messages=[dict(role="user", content=[dict(type="text", text="Sort "), dict(type="text", text="a list.")]), ASK[1]]), ASK),
    chat("sharegpt", dict(conversations=[{"from": "human", "value": "Sort a list."}, {"from": "gpt", "value": "sorted(x)"}]), ASK),
    chat("lists in prompt and completion", dict(prompt=LONG[:4], completion=LONG[4:]), LONG, [4]),
    chat("aicodereval v4", dict(path="a.py", instruct=SHOWN, answer=BODY, function_code=CODE + BODY, domain="x"), say("user", SHOWN, "assistant", BODY)),
    chat("aicodereval from its fields", dict(path="a.py", function_import="import torch", function_code=CODE + BODY), say("user", SHOWN, "assistant", BODY)),
    chat("aicodereval from content", dict(path="a.py", content=CONTENT), say("user", SHOWN, "assistant", BODY)),
    chat("aicodereval, answer absent", dict(instruct="Add two numbers.", function_code=CODE + BODY), say("user", "Add two numbers.", "assistant", BODY)),
    chat("instruction", dict(instruction="Sort a list.", input="", output="sorted(x)"), ASK),
    chat("instruction with input", dict(instruction="Sort this.", input="[3, 1]", output="[1, 3]", text="unused"), say("user", "Sort this.\n\n[3, 1]", "assistant", "[1, 3]")),
    chat("instruction with system", dict(system="Be brief.", instruction="Sort a list.", output="sorted(x)"), say("system", "Be brief.") + ASK),
]
TEXTS = [
    text("prompt and completion", dict(prompt="The capital of France is", completion=" Paris."), ("The capital of France is", " Paris.")),
    text("no prompt", dict(prompt="", completion="Paris."), ("", "Paris.")),
    text("without end of text", dict(prompt="a b", completion=" c"), ("a b", " c"), end_of_text=False),
    text("prompt and completion, all tokens", dict(prompt="a b", completion=" c"), ("a b", " c"), completion_only=False),
    text("text", dict(text="import torch\n\nx = torch.ones(3)\n"), ("", "import torch\n\nx = torch.ones(3)\n")),
    text("text without end of text", dict(text="import torch"), ("", "import torch"), end_of_text=False),
    text("text with its own begin and end", dict(text="<|begin_of_text|>import torch<|eot_id|>"), ("", "<|begin_of_text|>import torch<|eot_id|>")),
]


def conversation(tokenizer, template, case):
    bare = template.replace("{% generation %}", "").replace("{% endgeneration %}", "")
    messages = case["messages"]
    ids = tokenizer.apply_chat_template(messages, chat_template=bare, return_dict=True)["input_ids"]

    def mask(chat_template):
        out = tokenizer.apply_chat_template(messages, chat_template=chat_template, return_dict=True, return_assistant_tokens_mask=True)
        assert out["input_ids"] == ids, case["name"]
        return out["assistant_masks"]
    if case["learned"] == "all":
        learned = [1] * len(ids)
    elif case["learned"] is None:
        learned = mask(template)
    else:  # the condition of the block says which answers
        places = " or ".join(f"loop.index0 == {i}" for i in case["learned"])
        head, tail = template.split("{% if message['role'] == 'assistant' %}")
        generated, other = tail.split("{% else %}", 1)
        learned = mask(head + "{% if message['role'] == 'assistant' and (" + places + ") %}" + generated
                       + "{% elif message['role'] == 'assistant' %}" + generated.replace("{% generation %}", "").replace("{% endgeneration %}", "")
                       + "{% else %}" + other)
    return ids, learned


def plain(tokenizer, case):
    prompt, completion = case["parts"]
    begins = completion.startswith(tokenizer.bos_token)
    head = tokenizer(prompt)["input_ids"] if not begins else []
    tail = tokenizer(completion, add_special_tokens=False)["input_ids"]
    end = [tokenizer.eos_token_id] if case["options"].get("end_of_text", True) and tail[-1] != tokenizer.eos_token_id else []
    learned = [0 if case["options"].get("completion_only", True) else 1] * len(head) + [1] * len(tail + end)
    return head + tail + end, learned


def labels(ids, learned):
    return [token if i > 0 and on else -100 for i, (token, on) in enumerate(zip(ids, learned))]


def train(tokenizer, path):
    digest, records, tokens, loss_tokens = hashlib.sha256(), 0, 0, 0
    for line in gzip.open(path, "rt", encoding="utf-8"):
        record = json.loads(line)
        ids, learned = conversation(tokenizer, NANO, dict(name=record["path"], learned=None, messages=say("user", record["instruct"], "assistant", record["answer"])))
        pairs = [number for pair in zip(ids, labels(ids, learned)) for number in pair]
        digest.update(struct.pack(f">{len(pairs) + 1}i", len(ids), *pairs))
        records, tokens, loss_tokens = records + 1, tokens + len(ids), loss_tokens + sum(label >= 0 for label in pairs[1::2])
    return dict(records=records, tokens=tokens, loss_tokens=loss_tokens, sha256=digest.hexdigest())


def mix(z):
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK64
    return z ^ (z >> 31)


def shuffle(size, seed, purpose):
    state = mix(mix(seed & MASK64) + purpose & MASK64)
    order = list(range(size))
    for i in range(size - 1, 0, -1):
        state = (state + 0x9E3779B97F4A7C15) & MASK64
        j = mix(state) % (i + 1)
        order[i], order[j] = order[j], order[i]
    return dict(size=size, seed=seed, purpose=purpose, order=order)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.tokenizer)
    templates = []
    for name, template in (("nano", NANO), ("lines", LINES), ("plain", PLAIN)):
        bare = template.replace("{% generation %}", "").replace("{% endgeneration %}", "")
        if name == "nano":
            for case in CHATS:
                assert tokenizer.apply_chat_template(case["messages"], tokenize=False) == tokenizer.apply_chat_template(case["messages"], chat_template=bare, tokenize=False)
        cases = []
        for case in CHATS + (TEXTS if name == "nano" else []):
            ids, learned = conversation(tokenizer, template, case) if "messages" in case else plain(tokenizer, case)
            assert any(learned), case["name"]
            cases.append(dict(name=case["name"], record=case["record"], options=case["options"], ids=ids, labels=labels(ids, learned)))
        templates.append(dict(name=name, template=bare, cases=cases))
    shuffles = [shuffle(*arguments) for arguments in ((10, 0, 0), (10, 0, 1), (7, -1, 5), (16, 1 << 40, -1), (1, 3, 2))]
    result = dict(transformers=transformers.__version__, templates=templates, train=train(tokenizer, args.train), shuffles=shuffles)
    text = json.dumps(result, indent=1)
    args.out.write_text(compact(text) + "\n", encoding="utf-8")


def compact(text):
    """Puts lists of numbers into one line, but for those inside texts."""
    return re.sub(r"(?<=\": )\[[-\d,\s]+\]", lambda found: re.sub(r"\s+", "", found.group()), text)


if __name__ == "__main__":
    main()
