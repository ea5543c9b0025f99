"""Checks by hand that transformers loads a merged checkpoint, and that it says what PEFT says with the adapter beside the base.

usage: python check_merged.py --base DIR --adapter DIR --merged DIR [--prompt TEXT] [--new-tokens N]

Makes no fixture: prints the greedy tokens of both in float32, the largest difference of their logits behind the prompt,
and the largest difference of the weights from PEFT's own merge in the base's number format.
"""
import argparse

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def load(folder, dtype=torch.float32):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True)
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--merged", required=True)
    parser.add_argument("--prompt", default="import numpy as np")
    parser.add_argument("--new-tokens", type=int, default=24)
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.merged)
    ids = torch.tensor([tokenizer.encode(args.prompt)])
    models = [PeftModel.from_pretrained(load(args.base), args.adapter).eval(), load(args.merged)]
    with torch.no_grad():
        logits = [m(input_ids=ids).logits[0, -1] for m in models]
        made = [m.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=args.new_tokens, do_sample=False)[0].tolist() for m in models]
    print("beside:", made[0], "\nmerged:", made[1], "\nsame tokens:", made[0] == made[1])
    print("logits differ by", float((logits[0] - logits[1]).abs().max()))
    peft = PeftModel.from_pretrained(load(args.base, "auto"), args.adapter).merge_and_unload().state_dict()
    ours = load(args.merged, "auto").state_dict()
    assert peft.keys() == ours.keys()
    print("weights differ by", max(float((peft[n].float() - ours[n].float()).abs().max()) for n in peft),
          "dtypes", {t.dtype for t in ours.values()}, "tied", models[1].config.tie_word_embeddings)


if __name__ == "__main__":
    main()
