"""Measures prefill and decode of transformers for docs/performance.md: the peer of the DecodeBenchmark example.

usage: python benchmark_transformers.py --model DIR [--dtype fp32|bf16] [--threads N] [--prompt-tokens N] [--new-tokens N] [--repeat N]
Prints one JSON line with the medians of the repeated runs, after one that warms up.
"""
import argparse
import json
import random
import statistics
import time

import torch
from transformers import AutoModelForCausalLM, DynamicCache


def run(model, ids, new_tokens):
    """Tokens a second of prefill and of greedy decode."""
    with torch.inference_mode():
        cache = DynamicCache(config=model.config)
        start = time.perf_counter()
        logits = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
        token = logits[:, -1].argmax(-1, keepdim=True)
        token.item()
        prefilled = time.perf_counter()
        for _ in range(new_tokens - 1):
            logits = model(input_ids=token, past_key_values=cache, use_cache=True).logits
            token = logits[:, -1].argmax(-1, keepdim=True)
            token.item()
        return ids.shape[1] / (prefilled - start), (new_tokens - 1) / (time.perf_counter() - prefilled)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--dtype", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt-tokens", type=int, default=64)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[args.dtype]
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=dtype).eval()
    random.seed(0)
    ids = torch.tensor([[random.randrange(model.config.vocab_size) for _ in range(args.prompt_tokens)]])
    run(model, ids, 8)
    results = [run(model, ids, args.new_tokens) for _ in range(args.repeat)]
    print(json.dumps(dict(
        dtype=args.dtype,
        threads=args.threads,
        prefill_tokens_per_second=round(statistics.median(prefill for prefill, _ in results), 2),
        decode_tokens_per_second=round(statistics.median(decode for _, decode in results), 2))))


if __name__ == "__main__":
    main()
