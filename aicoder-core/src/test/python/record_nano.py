"""Records what the Python reference stack makes of the nano model: nano/outputs.json.

usage: python record_nano.py --model BASE_DIR --adapter ADAPTER_DIR --prompts PROMPTS.json --out OUTPUTS.json

BASE_DIR and ADAPTER_DIR are the checkpoint and the PEFT adapter under examples/nano. PROMPTS.json is a list of
{"path", "prompt_text"}, or an earlier OUTPUTS.json, whose prompts are taken over and whose results are compared with
the new ones: output ids must be the same, the largest difference of the logits is printed.

Everything is float32 (bf16 weights upcast), greedy, one prompt at a time, without padding. Logits are those of the last
prompt position, before anything is generated, rounded to 6 significant digits. Where the file would become too large,
--full says for how many prompts all logits are kept; the others keep the first 32. output_ids_bf16 is the greedy
output of the base in bfloat16: arithmetic differs from library to library there, so it shows how far a bf16 run may
stray rather than what it must say.
"""
import argparse, json, time

import peft
import torch
import transformers
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

FIRST = 32


def rounded(values):
    """Numbers with 6 significant digits."""
    return [float(f"{v:.6g}") for v in values]


def greedy(model, ids, max_new):
    """Ids generated greedily, with the end token if there is one."""
    with torch.no_grad():
        made = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=max_new, do_sample=False)
    return made[0, ids.shape[1]:].tolist()


def record(model, tokenizer, prompts, max_new, full):
    """One entry for each prompt: ids in, ids out and the logits that follow the prompt."""
    out = []
    for index, prompt in enumerate(prompts):
        ids = torch.tensor([tokenizer(prompt["prompt_text"], add_special_tokens=False)["input_ids"]])
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0, -1].tolist()
        made = greedy(model, ids, max_new)
        out.append(dict(path=prompt["path"], prompt_text=prompt["prompt_text"], prompt_ids=ids[0].tolist(), output_ids=made,
                        output_text=tokenizer.decode(made, skip_special_tokens=True),
                        last_logits_argmax=max(range(len(logits)), key=logits.__getitem__),
                        last_logits=rounded(logits if index < full else logits[:FIRST])))
    return out


def compare(old, new):
    """Compares the entries with those of an earlier recording, which may have kept fewer logits."""
    worst = 0.0
    for a, b in zip(old, new, strict=True):
        for key in ("prompt_text", "prompt_ids", "output_ids", "output_text", "last_logits_argmax"):
            if a[key] != b[key]:
                raise SystemExit(f"{key} of {a['path']} differs from the earlier recording")
        before = a.get("last_logits", a.get("last_logits_first_32"))
        worst = max([worst] + [abs(x - y) for x, y in zip(before, b["last_logits"])])
        if "last_logits_max" in a and len(b["last_logits"]) > FIRST:
            worst = max(worst, abs(a["last_logits_max"] - max(b["last_logits"])))
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--adapter", "--prompts", "--out"):
        parser.add_argument(name, required=True)
    parser.add_argument("--max-new", type=int, default=128)
    parser.add_argument("--full", type=int, default=20, help="prompts of which all logits are kept")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)

    earlier = json.load(open(args.prompts, encoding="utf-8"))
    prompts = earlier["base"] if isinstance(earlier, dict) else earlier
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    started = time.time()
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
    result = dict(torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__,
                  max_new_tokens=args.max_new, eos_token_ids=model.generation_config.eos_token_id, full_logits=min(args.full, len(prompts)))
    result["base"] = record(model, tokenizer, prompts, args.max_new, args.full)
    print(f"base {time.time() - started:.0f} s", flush=True)
    half = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16).eval()
    for entry in result["base"]:
        entry["output_ids_bf16"] = greedy(half, torch.tensor([entry["prompt_ids"]]), args.max_new)
    print(f"bf16 {time.time() - started:.0f} s", flush=True)
    model = PeftModel.from_pretrained(model, args.adapter).eval()
    result["adapter"] = record(model, tokenizer, prompts, args.max_new, args.full)
    print(f"adapter {time.time() - started:.0f} s", flush=True)

    if isinstance(earlier, dict):
        for group in ("base", "adapter"):
            print(group, "agrees with the earlier recording; largest difference of the logits", compare(earlier[group], result[group]))
    same = sum(e["output_ids"] == e["output_ids_bf16"] for e in result["base"])
    print(f"bf16 gives the same ids for {same} of {len(prompts)} prompts")
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump(result, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
