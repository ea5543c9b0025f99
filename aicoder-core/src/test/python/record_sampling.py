"""Records how the reference stack turns logits into sampling probabilities: sampling.json.

usage: python record_sampling.py --out sampling.json

The processors are those of transformers in the order of its generate(): RepetitionPenalty, Temperature, TopK, TopP, then a
softmax in float32. A setting that is null (or 1 for temperature, top_p and repetition_penalty, or 0 for top_k) adds no processor.

sampling.json: vectors (name -> logits, seen_ids: the ids of prompt and output so far, some of them twice) and cases (name, vector,
temperature, top_k, top_p, repetition_penalty, kept: the ids that can be drawn, ascending, probabilities: one for each logit).
The vector `ties` has equal logits at the boundary of its top_k: transformers keeps all that are equal to the k-th.
No cumulative probability lies within 1e-4 of a top_p, so the kept ids do not depend on rounding.
"""
import argparse, json

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.generation import (GenerationConfig, LogitsProcessorList, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper,
                                     TopKLogitsWarper, TopPLogitsWarper)

SIZE = 64
CASES = [
    # name, vector, temperature, top_k, top_p, repetition_penalty
    ("plain", "random", None, None, None, None),
    ("neutral values", "random", 1.0, 0, 1.0, 1.0),
    ("cool", "random", 0.7, None, None, None),
    ("hot", "random", 1.8, None, None, None),
    ("nearly greedy", "random", 0.01, None, None, None),
    ("top_k 1", "random", None, 1, None, None),
    ("top_k 7", "random", None, 7, None, None),
    ("top_k above the vocabulary", "random", None, 1000, None, None),
    ("top_k cuts through ties", "ties", None, 4, None, None),
    ("top_p 0.9", "random", None, None, 0.9, None),
    ("top_p 0.5", "random", None, None, 0.5, None),
    ("top_p keeps one at least", "random", None, None, 1e-6, None),
    ("penalty", "random", None, None, None, 1.3),
    ("penalty below one rewards", "random", None, None, None, 0.8),
    ("temperature before top_p", "random", 1.6, None, 0.8, None),
    ("top_k before top_p", "random", None, 10, 0.8, None),
    ("common", "random", 0.6, 50, 0.95, None),
    ("everything", "random", 0.8, 20, 0.9, 1.15),
    ("everything, flat", "flat", 1.3, 40, 0.7, 1.2),
]


def vectors():
    """The logits: spread as a model's are, with ties, and nearly uniform."""
    generator = torch.Generator().manual_seed(7)
    random = 3.0 * torch.randn(SIZE, generator=generator)
    flat = 0.3 * torch.randn(SIZE, generator=generator)
    ties = torch.full((SIZE,), -4.0)
    ties[[3, 60]] = 2.0
    ties[[9, 17, 41]] = 1.5
    ties[[0, 63]] = -1.0
    out = {}
    for name, logits in dict(random=random, ties=ties, flat=flat).items():
        # The penalty divides positive logits and multiplies negative ones; the seen ids have both, and the best one.
        order = logits.argsort(descending=True).tolist()
        out[name] = dict(logits=[float(f"{v:.6g}") for v in logits.tolist()], seen_ids=[order[0], 5, order[-1], order[2], 5, order[9], order[40], order[0]])
    return out


def processors(temperature, top_k, top_p, penalty):
    """generate()'s list for these settings."""
    out = LogitsProcessorList()
    if penalty not in (None, 1.0):
        out.append(RepetitionPenaltyLogitsProcessor(penalty))
    if temperature not in (None, 1.0):
        out.append(TemperatureLogitsWarper(temperature))
    if top_k:
        out.append(TopKLogitsWarper(top_k))
    if top_p not in (None, 1.0):
        out.append(TopPLogitsWarper(top_p))
    return out


def check_order():
    """Compares the order with the one that generate() of the installed version uses."""
    model = LlamaForCausalLM(LlamaConfig(hidden_size=8, intermediate_size=8, num_attention_heads=1, num_hidden_layers=1, vocab_size=SIZE))
    config = GenerationConfig(do_sample=True, temperature=0.8, top_k=20, top_p=0.9, repetition_penalty=1.15)
    theirs = model._get_logits_processor(generation_config=config, input_ids_seq_length=1, device="cpu")
    if [type(p) for p in theirs] != [type(p) for p in processors(0.8, 20, 0.9, 1.15)]:
        raise SystemExit(f"generate() has another order: {theirs}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    check_order()
    given, cases = vectors(), []
    for name, vector, temperature, top_k, top_p, penalty in CASES:
        logits, seen = torch.tensor([given[vector]["logits"]]), torch.tensor([given[vector]["seen_ids"]])
        if top_p not in (None, 1.0):
            before = processors(temperature, top_k, None, penalty)(seen, logits.clone()).softmax(-1)[0]
            near = float((before.sort(descending=True).values.cumsum(0) - top_p).abs().min())
            if near < 1e-4:
                raise SystemExit(f"{name}: a cumulative probability is within {near} of top_p")
        scores = processors(temperature, top_k, top_p, penalty)(seen, logits.clone())[0]
        cases.append(dict(name=name, vector=vector, temperature=temperature, top_k=top_k, top_p=top_p, repetition_penalty=penalty,
                          kept=[i for i, s in enumerate(scores.tolist()) if s > float("-inf")],
                          probabilities=[float(f"{v:.6g}") for v in scores.softmax(-1).tolist()]))
        print(f"{name}: {len(cases[-1]['kept'])} kept, best {max(cases[-1]['probabilities'])}")
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump(dict(transformers=transformers.__version__, vectors=given, cases=cases), file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
