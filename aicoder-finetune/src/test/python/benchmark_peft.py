"""Measures LoRA training with PEFT, transformers and torch for docs/performance.md: the peer of AICoder's own training.

usage: python benchmark_peft.py --model DIR [--dtype fp32|bf16] [--threads N] [--batch N] [--length N] [--rank N] [--alpha N]
           [--steps N] [--checkpointing] [--attention sdpa|eager]

Every step trains on --batch rows of --length random tokens, all of which count (AdamW, all linear layers, no dropout), after one
step that warms up. Prints one JSON line: tokens_per_second is the median of the steps, peak_mib the most memory that was ever
resident in the process (VmHWM), loading included; processor is the machine's.
"""
import argparse
import json
import statistics
import time
from pathlib import Path

import peft
import torch
import transformers

from training import ALL_LINEAR, adapted


def peak_mib():
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


def processor():
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("model name")).split(":")[1].strip()


def step(model, optimizer, ids):
    """The seconds of one optimizer step."""
    start = time.perf_counter()
    loss = model(input_ids=ids, labels=ids, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 1.0)
    optimizer.step()
    optimizer.zero_grad()
    loss.item()
    return time.perf_counter() - start


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
    parser.add_argument("--attention", default="sdpa")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[args.dtype]
    base = transformers.AutoModelForCausalLM.from_pretrained(args.model, dtype=dtype, attn_implementation=args.attention)
    if args.checkpointing:
        base.gradient_checkpointing_enable(gradient_checkpointing_kwargs=dict(use_reentrant=False))
    model = adapted(base, dict(r=args.rank, lora_alpha=args.alpha, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM", target_modules=ALL_LINEAR))
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, weight_decay=0.01, fused=True)
    tokens = args.batch * args.length
    batches = [torch.randint(model.config.vocab_size, (args.batch, args.length)) for _ in range(args.steps + 1)]
    seconds = [step(model, optimizer, ids) for ids in batches][1:]
    print(json.dumps(dict(
        dtype=args.dtype, threads=args.threads, batch=args.batch, length=args.length, rank=args.rank, checkpointing=args.checkpointing,
        attention=args.attention, tokens_per_second=round(tokens / statistics.median(seconds), 1),
        all_tokens_per_second=[round(tokens / s, 1) for s in seconds], peak_mib=peak_mib(), processor=processor(),
        torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__)))


if __name__ == "__main__":
    main()
