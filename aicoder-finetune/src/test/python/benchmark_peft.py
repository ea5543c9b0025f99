"""Measures LoRA training with PEFT, transformers and torch for docs/performance.md: the peer of AICoder's own training.

usage: python benchmark_peft.py --model DIR [--dtype fp32|bf16] [--threads N] [--batch N] [--length N] [--rank N] [--alpha N]
           [--steps N] [--checkpointing] [--attention sdpa|eager] [--dropout X] [--data FILE]

Every step trains on --batch rows of --length random tokens, all of which count (AdamW, all linear layers), after one step that warms
up; with --data, a file like examples/nano/tasks/train.jsonl.gz, on --batch of its records, drawn at random, padded to the longest as
transformers' collators do; their answers count. Prints one JSON line: tokens_per_second is the median of the steps, padding not
counted, overall all their tokens over all their seconds, peak_mib the most memory that was ever resident in the process (VmHWM),
loading included; processor is the machine's.
"""
import argparse
import gzip
import json
import random
import statistics
import time
from pathlib import Path

import peft
import torch
import transformers

from training import ALL_LINEAR, IGNORED, adapted, answered


def peak_mib():
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


def processor():
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("model name")).split(":")[1].strip()


def random_batches(vocabulary, args):
    for _ in range(args.steps + 1):
        ids = torch.randint(vocabulary, (args.batch, args.length))
        yield dict(input_ids=ids, labels=ids, attention_mask=torch.ones_like(ids))


def record_batches(args):
    tokenizer = transformers.AutoTokenizer.from_pretrained(args.model)
    with gzip.open(args.data, "rt", encoding="utf-8") as lines:
        records = [answered(tokenizer, json.loads(line)) for line in lines]
    random.Random(0).shuffle(records)
    for first in range(0, args.batch * (args.steps + 1), args.batch):
        rows = records[first:first + args.batch]
        width = max(len(ids) for ids, _ in rows)

        def padded(filler, of):
            return torch.tensor([of(ids, prompt) + [filler] * (width - len(ids)) for ids, prompt in rows])

        yield dict(input_ids=padded(tokenizer.pad_token_id, lambda ids, _: ids), attention_mask=padded(0, lambda ids, _: [1] * len(ids)),
                   labels=padded(IGNORED, lambda ids, prompt: [IGNORED] * prompt + ids[prompt:]))


def step(model, optimizer, batch):
    """The tokens of one optimizer step, and its seconds."""
    start = time.perf_counter()
    loss = model(**batch, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 1.0)
    optimizer.step()
    optimizer.zero_grad()
    loss.item()
    return int(batch["attention_mask"].sum()), time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--dtype", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--alpha", type=int, default=32)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--checkpointing", action="store_true", help="compute activations again in the backward pass")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--attention", default="sdpa")
    parser.add_argument("--data", help="records, gzipped")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[args.dtype]
    base = transformers.AutoModelForCausalLM.from_pretrained(args.model, dtype=dtype, attn_implementation=args.attention)
    if args.checkpointing:
        base.gradient_checkpointing_enable(gradient_checkpointing_kwargs=dict(use_reentrant=False))
    model = adapted(base, dict(r=args.rank, lora_alpha=args.alpha, lora_dropout=args.dropout, bias="none", task_type="CAUSAL_LM", target_modules=ALL_LINEAR))
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, weight_decay=0.01, fused=True)
    batches = list(record_batches(args) if args.data else random_batches(model.config.vocab_size, args))
    steps = [step(model, optimizer, batch) for batch in batches][1:]
    speeds = [tokens / seconds for tokens, seconds in steps]
    print(json.dumps(dict(
        dtype=args.dtype, threads=args.threads, batch=args.batch, length=args.length, rank=args.rank, dropout=args.dropout, checkpointing=args.checkpointing,
        attention=args.attention, data=args.data or "random", tokens_per_second=round(statistics.median(speeds), 1),
        overall=round(sum(tokens for tokens, _ in steps) / sum(seconds for _, seconds in steps), 1),
        all_tokens_per_second=[round(speed, 1) for speed in speeds], peak_mib=peak_mib(), processor=processor(),
        torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__)))


if __name__ == "__main__":
    main()
