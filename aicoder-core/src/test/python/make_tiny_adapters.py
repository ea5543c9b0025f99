"""Makes random PEFT LoRA adapters for one tiny checkpoint, each with the outputs of the reference stack: adapters/NAME/.

usage: python make_tiny_adapters.py --base CHECKPOINTS_DIR/tied --out ADAPTERS_DIR [--only NAME ...]

Every adapter is written by PEFT itself (adapter_config.json, adapter_model.safetensors); A and B are random, neither is
zero. expected.json has the fields of make_tiny_checkpoints.py: description, top2_margin, cases (prompt_ids, output_ids,
last_logits), computed in float32 with the adapter beside the base, not merged into it. As there, a seed is taken only if
all greedy choices are clear, and with the property of a variant marked `unlike` taken away the logits must be others.
"""
import argparse, json, shutil, tempfile
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from make_tiny_checkpoints import MARGIN, lively, load, prompts, run, write_json

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SPREAD = 0.25
# The first key that matches the end of a module's name counts, so the q_proj of layer 1 has rank 3 and that of layer 0 rank 2.
RANKS = {"layers.1.self_attn.q_proj": 3, "q_proj": 2, r"model\.layers\.0\.mlp\.(gate|up)_proj": 6}
ALPHAS = {"layers.1.mlp.down_proj": 20, "v_proj": 2}
# What an adapter_config.json of an early PEFT version says; all that came later is absent.
EARLY = ("base_model_name_or_path", "bias", "fan_in_fan_out", "inference_mode", "init_lora_weights", "lora_alpha", "lora_dropout",
         "modules_to_save", "peft_type", "r", "target_modules", "task_type")

VARIANTS = dict(
    all_linear=dict(about="all seven projections, r 4, alpha 8", lora=dict(target_modules=ALL)),
    q_v=dict(about="q_proj and v_proj only", lora=dict(target_modules=["q_proj", "v_proj"])),
    rslora=dict(about="use_rslora: alpha / sqrt(r)", lora=dict(target_modules=ALL, use_rslora=True), unlike=dict(use_rslora=False)),
    patterns=dict(about="rank_pattern and alpha_pattern with suffixes, an overlap and a regular expression",
                  lora=dict(target_modules=ALL, rank_pattern=RANKS, alpha_pattern=ALPHAS), unlike=dict(alpha_pattern={})),
    regex_target=dict(about="target_modules is one regular expression", lora=dict(target_modules=r".*\.(self_attn\.[qkvo]_proj|1\.mlp\.down_proj)")),
    one_layer=dict(about="layers_to_transform names layer 1 only", lora=dict(target_modules=ALL, layers_to_transform=[1])),
    bf16_file=dict(about="A and B stored in bfloat16", lora=dict(target_modules=ALL), dtype=torch.bfloat16),
    early_config=dict(about="adapter_config.json of an early PEFT version", lora=dict(target_modules=["q_proj", "v_proj"]), keys=EARLY),
)


def write(folder, base, variant, seed):
    """Lets PEFT write the adapter, with random matrices."""
    model = get_peft_model(load(base), LoraConfig(**{**dict(r=4, lora_alpha=8, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM"), **variant["lora"]}))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if "lora_" in name:
                parameter.copy_(SPREAD * torch.randn(parameter.shape, generator=generator))
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    file = folder / "adapter_model.safetensors"
    if "dtype" in variant:
        save_file({n: t.to(variant["dtype"]) for n, t in load_file(file).items()}, file, metadata={"format": "pt"})
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = base.name
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort(key=ALL.index)
    write_json(folder / "adapter_config.json", {k: v for k, v in config.items() if k in variant.get("keys", config)})


def last_logits(model):
    with torch.no_grad():
        return model(input_ids=torch.tensor([prompts()[-1]])).logits[0, -1]


def changed(folder, base, unlike):
    """The last logits of the adapter with another configuration."""
    with tempfile.TemporaryDirectory() as other:
        shutil.copytree(folder, other, dirs_exist_ok=True)
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        write_json(Path(other) / "adapter_config.json", {**config, **unlike})
        return last_logits(PeftModel.from_pretrained(load(base), other).eval())


def make(name, variant, base, folder):
    """Writes one adapter with the first seed that gives clear choices."""
    for seed in range(1, 10000):
        shutil.rmtree(folder, ignore_errors=True)
        write(folder, base, variant, seed)
        model = PeftModel.from_pretrained(load(base), folder).eval()
        results = [run(model, ids) for ids in prompts()]
        margin, cases = min(m for _, m in results), [c for c, _ in results]
        if margin > MARGIN and lively(cases, True):
            break
    logits = last_logits(model)
    moved = float((logits - last_logits(load(base))).abs().max())
    unlike = float((logits - changed(folder, base, variant["unlike"])).abs().max()) if "unlike" in variant else moved
    if min(moved, unlike) < 0.05:
        raise SystemExit(f"{name}: moves the logits by {moved}, its property by {unlike} only")
    merged = float((logits - last_logits(model.merge_and_unload())).abs().max())
    write_json(folder / "expected.json", dict(description=variant["about"], top2_margin=round(margin, 4), cases=cases), indent=None)
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{name}: seed {seed}, margin {margin:.4f}, {size} bytes, moved {moved:.3g}, property moved {unlike:.3g}, merged differs by {merged:.2g}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--only", nargs="*", help="names of adapters, all by default")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for name, variant in VARIANTS.items():
        if not args.only or name in args.only:
            make(name, variant, args.base, args.out / name)


if __name__ == "__main__":
    main()
