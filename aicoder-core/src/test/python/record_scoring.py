"""Records how the Python reference stack scores and embeds texts with the nano model: nano/scoring.json.

usage: python record_scoring.py --model BASE_DIR --adapter ADAPTER_DIR --prompts OUTPUTS.json --out SCORING.json

BASE_DIR and ADAPTER_DIR are the checkpoint and the PEFT adapter under examples/nano, OUTPUTS.json is what record_nano.py wrote.
Everything is float32. By `base` and `adapter`:

continuations: prompt_ids, continuation_ids and the log probability of each of the latter.
windows: ids of a text longer than the context, and for each of two strides the perplexity by transformers' recipe for models with
a fixed length: windows of the whole context, of which only what the one before did not score counts.
embeddings: ids, the last hidden states' mean and that of the last token.
greedy: prompt_ids, settings by their names in generate(), the new ids, and with `top` for each position the chosen token's log
probability, the likeliest ids and their log probabilities, of the model's own logits.
"""
import argparse, json

import peft
import torch
import transformers
from peft import PeftModel
from transformers import AutoModelForCausalLM

TOP = 5
GREEDY = [
    dict(max_new_tokens=12),
    dict(max_new_tokens=48, repetition_penalty=1.3),
    dict(max_new_tokens=48, no_repeat_ngram_size=2),
    dict(max_new_tokens=100, min_new_tokens=90),
]


def rounded(values):
    """Numbers with 7 significant digits."""
    return [float(f"{v:.7g}") for v in values]


def continuations(model, entries):
    """Log probabilities of what the model answered to a prompt."""
    out = []
    for entry in entries:
        prompt, answer = entry["prompt_ids"], entry["output_ids"]
        logs = model(input_ids=torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        out.append(dict(prompt_ids=prompt, continuation_ids=answer,
                        log_probabilities=rounded([float(logs[len(prompt) - 1 + i, token]) for i, token in enumerate(answer)])))
    return out


def perplexity(model, ids, stride):
    """Transformers' recipe: the mean over all tokens that have one before them."""
    context, total, count, before = model.config.max_position_embeddings, 0.0, 0, 0
    for begin in range(0, len(ids), stride):
        end = min(begin + context, len(ids))
        logs = model(input_ids=torch.tensor([ids[begin:end]])).logits[0].log_softmax(-1)
        for position in range(max(before, begin + 1), end):
            total += float(logs[position - begin - 1, ids[position]])
            count += 1
        before = end
        if end == len(ids):
            break
    return float(torch.exp(torch.tensor(-total / count, dtype=torch.float64)))


def embeddings(model, texts):
    """Last hidden states."""
    out, inner = [], (model.get_base_model() if isinstance(model, PeftModel) else model).model
    for ids in texts:
        states = inner(input_ids=torch.tensor([ids])).last_hidden_state[0]
        out.append(dict(ids=ids, mean=rounded(states.mean(0).tolist()), last=rounded(states[-1].tolist())))
    return out


def greedy(model, prompts):
    """What generate() makes with settings, and what else was likely."""
    out = []
    for ids in prompts:
        given = torch.tensor([ids])
        for settings in GREEDY:
            made = model.generate(input_ids=given, attention_mask=torch.ones_like(given), do_sample=False, output_logits=True,
                                  return_dict_in_generate=True, **settings)
            new = made.sequences[0, len(ids):].tolist()
            case = dict(prompt_ids=ids, settings=settings, output_ids=new)
            if settings is GREEDY[0]:
                logs = torch.stack(made.logits)[:, 0].log_softmax(-1)
                best = logs.topk(TOP)
                case["top"] = [dict(chosen=rounded([float(logs[i, token])])[0], ids=best.indices[i].tolist(),
                                    log_probabilities=rounded(best.values[i].tolist())) for i, token in enumerate(new)]
            out.append(case)
    return out


def record(model, entries, text):
    return dict(continuations=continuations(model, entries[:4]),
                windows=dict(ids=text, strides={str(stride): perplexity(model, text, stride) for stride in (1024, 1700)}),
                embeddings=embeddings(model, [entries[0]["prompt_ids"], text[:700]]),
                greedy=greedy(model, [entry["prompt_ids"] for entry in entries[:3]]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--adapter", "--prompts", "--out"):
        parser.add_argument(name, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    recording = json.load(open(args.prompts, encoding="utf-8"))
    text = [token for entry in recording["base"] for token in entry["prompt_ids"] + entry["output_ids"]][:2700]
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
    with torch.no_grad():
        result = dict(torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__,
                      base=record(model, recording["base"], text))
        result["adapter"] = record(PeftModel.from_pretrained(model, args.adapter).eval(), recording["adapter"], text)
    print({kind: result[kind]["windows"]["strides"] for kind in ("base", "adapter")})
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump(result, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
