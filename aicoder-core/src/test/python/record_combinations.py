"""Records what PEFT makes of weighted sums of adapters: combinations.json.

usage: python record_combinations.py --checkpoints CHECKPOINTS_DIR --adapters ADAPTERS_DIR --out combinations.json

A list; each entry has weights (by adapter folder, all of the checkpoint `tied`), top2_margin and cases as
make_tiny_checkpoints.py has them. The sums are add_weighted_adapter's of the type "cat", in float32. All
weights of a sum are multiplied by the first of 1.0, 1.05, 1.1, … with which the greedy choices are clear.
"""
import argparse
from pathlib import Path

import torch
from peft import PeftModel

from make_tiny_checkpoints import MARGIN, load, prompts, run, write_json

COMBINATIONS = [
    dict(all_linear=0.7, patterns=-0.5),
    dict(q_v=1.5, rslora=0.25, one_layer=1.0),  # not rslora first: PEFT would give the sum its scaling
    dict(embedding=0.6, all_linear=-0.8),
]


def combine(base, adapters, weights):
    """A model with the weighted sum active."""
    names = list(weights)
    model = PeftModel.from_pretrained(load(base), adapters / names[0], adapter_name=names[0])
    for name in names[1:]:
        model.load_adapter(adapters / name, adapter_name=name)
    model.add_weighted_adapter(names, list(weights.values()), "sum", combination_type="cat")
    model.set_adapter("sum")
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", required=True, type=Path)
    parser.add_argument("--adapters", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    entries = []
    for weights in COMBINATIONS:
        for step in range(100):
            scaled = {n: round(w * (1 + 0.05 * step), 4) for n, w in weights.items()}
            results = [run(combine(args.checkpoints / "tied", args.adapters, scaled), ids) for ids in prompts()]
            margin = min(m for _, m in results)
            if margin > MARGIN / 2:
                break
        print(scaled, margin, flush=True)
        entries.append(dict(weights=scaled, top2_margin=round(margin, 4), cases=[c for c, _ in results]))
    write_json(args.out, entries, indent=None)


if __name__ == "__main__":
    main()
