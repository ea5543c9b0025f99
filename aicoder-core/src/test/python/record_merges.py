"""Records the tensors that PEFT's merge_and_unload makes, and what the merged model says: merges/NAME/.

usage: python record_merges.py --checkpoints CHECKPOINTS_DIR --adapters ADAPTERS_DIR --out MERGES_DIR

merged.safetensors holds the tensors that differ from the base's, in the base's own number format, as PEFT merges them
there. expected.json has base, adapter and cases as make_tiny_checkpoints.py has them, of the merged model in float32.
Bases that tie embedding and head are merged only with adapters that change neither: PEFT would change both.
"""
import argparse, shutil
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from make_tiny_checkpoints import prompts, run, write_json

MERGES = dict(
    bf16=("tied", "all_linear"), fp16=("fp16", "patterns"), fp32=("fp32", "rslora"), bf16_adapter=("tied", "bf16_file"),
    dora=("tied", "dora"), biases=("biases", "lora_bias_beside"), dora_biases=("biases", "dora_biases"),
    tables=("untied", "embedding_rank"), dora_tables=("untied", "dora_tables"), saved=("untied", "saved_both"), tokens=("untied", "tokens_of_each"),
)


def make(base, adapter, folder):
    own = AutoModelForCausalLM.from_pretrained(base, dtype="auto").eval()
    before = {n: t.clone() for n, t in own.state_dict().items()}
    merged = PeftModel.from_pretrained(own, adapter).merge_and_unload()
    after = {n: t.to(before[n].dtype).contiguous() for n, t in merged.state_dict().items()}
    if merged.config.tie_word_embeddings:
        del after["lm_head.weight"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_file({n: t for n, t in after.items() if not torch.equal(t, before[n])}, folder / "merged.safetensors", metadata={"format": "pt"})
    model = merged.float()
    results = [run(model, ids) for ids in prompts()]
    write_json(folder / "expected.json", dict(base=base.name, adapter=adapter.name, top2_margin=round(min(m for _, m in results), 4),
                                              cases=[c for c, _ in results]), indent=None)
    print(folder.name, min(m for _, m in results), sum(f.stat().st_size for f in folder.iterdir()), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", required=True, type=Path)
    parser.add_argument("--adapters", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name, (base, adapter) in MERGES.items():
        make(args.checkpoints / base, args.adapters / adapter, args.out / name)


if __name__ == "__main__":
    main()
