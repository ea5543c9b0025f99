"""Makes random PEFT LoRA adapters for tiny checkpoints, each with the outputs of the reference stack: adapters/NAME/.

usage: python make_tiny_adapters.py --checkpoints CHECKPOINTS_DIR --out ADAPTERS_DIR [--only NAME ...]

Every adapter is written by PEFT itself (adapter_config.json, adapter_model.safetensors); whatever it would train is random.
expected.json has the fields of make_tiny_checkpoints.py: description, top2_margin, cases (prompt_ids, output_ids,
last_logits), and base, the checkpoint; computed in float32 with the adapter beside the base, not merged into it. As there,
a seed is taken only if all greedy choices are clear, and with the property of a variant marked `unlike` (an option of the
configuration) or `without` (a part of tensor names) taken away the logits must be others.
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
    all_linear_word=dict(about="target_modules is all-linear in the file", lora=dict(target_modules=ALL), edit=dict(target_modules="all-linear")),
    default_targets=dict(about="target_modules is null in the file: q_proj and v_proj", lora=dict(target_modules=["q_proj", "v_proj"]), edit=dict(target_modules=None)),
    excluded=dict(about="exclude_modules leaves out one module by its full name and one kind", without="lora_",
                  lora=dict(target_modules=ALL, exclude_modules=["model.layers.0.self_attn.q_proj", "up_proj"])),
    excluded_regex=dict(about="exclude_modules is one regular expression", lora=dict(target_modules=ALL, exclude_modules=r".*\.0\.mlp\..*")),
    layers_pattern=dict(about="layers_to_transform is one number, layers_pattern names the list", lora=dict(target_modules=ALL, layers_to_transform=0, layers_pattern="layers")),
    fan_in_fan_out=dict(about="fan_in_fan_out, which PEFT turns off for linear layers", lora=dict(target_modules=["q_proj", "down_proj"]), edit=dict(fan_in_fan_out=True)),
    mica=dict(about="init_lora_weights mica, which leaves the base as it is", lora=dict(target_modules=ALL, init_lora_weights="mica")),
    bias_all=dict(about="bias all: the biases of all modules, adapted or not", base="biases", lora=dict(target_modules=["q_proj", "up_proj"], bias="all"), without="bias"),
    bias_lora_only=dict(about="bias lora_only: the biases of adapted modules", base="biases", lora=dict(target_modules=["v_proj", "o_proj"], bias="lora_only"), without="bias"),
    lora_bias=dict(about="lora_bias on modules without a bias", lora=dict(target_modules=["k_proj", "down_proj"], lora_bias=True), without="lora_B.bias"),
    lora_bias_beside=dict(about="lora_bias on modules with a bias, which is replaced too", base="biases", without="lora_B.bias",
                          lora=dict(target_modules=["k_proj", "down_proj"], lora_bias=True, bias="lora_only")),
    dora=dict(about="use_dora on all seven projections", lora=dict(target_modules=ALL, use_dora=True), without="magnitude"),
    dora_some=dict(about="use_dora on some matrices of those that are computed together", lora=dict(target_modules=["q_proj", "gate_proj"], use_dora=True), without="magnitude"),
    dora_biases=dict(about="use_dora on modules with biases, which are replaced", base="biases", lora=dict(target_modules=ALL, use_dora=True, bias="all", use_rslora=True), without="magnitude"),
    dora_tables=dict(about="use_dora on embedding and head", base="untied", lora=dict(target_modules=["embed_tokens", "lm_head"], use_dora=True), without="magnitude"),
    head=dict(about="lm_head adapted, of a checkpoint with a head of its own", base="untied", lora=dict(target_modules=["lm_head", "q_proj"])),
    head_of_tied=dict(about="lm_head adapted, of a tied checkpoint: the embedding stays", lora=dict(target_modules=["lm_head"])),
    embedding=dict(about="embed_tokens adapted, of a tied checkpoint: the head stays", lora=dict(target_modules=["embed_tokens", "v_proj"]), without="embedding"),
    embedding_tied=dict(about="embed_tokens adapted with ensure_weight_tying: the head as well", lora=dict(target_modules=["embed_tokens"], ensure_weight_tying=True), unlike=dict(ensure_weight_tying=False)),
    embedding_rank=dict(about="rank_pattern and alpha_pattern of embedding and head", base="untied",
                        lora=dict(target_modules=["embed_tokens", "lm_head"], rank_pattern={"embed_tokens": 2}, alpha_pattern={"lm_head": 3})),
    saved_embedding=dict(about="modules_to_save embed_tokens, of a tied checkpoint: the head stays", lora=dict(target_modules=["q_proj"], modules_to_save=["embed_tokens"])),
    saved_head=dict(about="modules_to_save lm_head, of a tied checkpoint: the embedding stays", lora=dict(target_modules=["q_proj"], modules_to_save=["lm_head"])),
    saved_both=dict(about="modules_to_save embed_tokens and lm_head, all-linear", base="untied", lora=dict(target_modules="all-linear", modules_to_save=["embed_tokens", "lm_head"])),
    saved_tied=dict(about="modules_to_save embed_tokens with ensure_weight_tying: the head as well", lora=dict(target_modules=["q_proj"], modules_to_save=["embed_tokens"], ensure_weight_tying=True), unlike=dict(ensure_weight_tying=False), without="lm_head"),
    tokens=dict(about="trainable_token_indices of a tied checkpoint: the head as well", lora=dict(target_modules=["q_proj"], trainable_token_indices=[1, 40, 7])),
    tokens_of_each=dict(about="trainable_token_indices, others for embedding and head", base="untied",
                        lora=dict(target_modules=["q_proj"], trainable_token_indices={"embed_tokens": [1, 40], "lm_head": [90, 12, 3]})),
    early_config=dict(about="adapter_config.json of an early PEFT version", lora=dict(target_modules=["q_proj", "v_proj"]), keys=EARLY),
)


def write(folder, base, variant, seed):
    """Lets PEFT write the adapter, with random matrices."""
    model = get_peft_model(load(base), LoraConfig(**{**dict(r=4, lora_alpha=8, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM"), **variant["lora"]}))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if "magnitude" in name:
                parameter.mul_(1 + SPREAD * torch.randn(parameter.shape, generator=generator))
            elif "lora_" in name:
                parameter.copy_(SPREAD * torch.randn(parameter.shape, generator=generator))
            elif parameter.requires_grad:  # what is trained beside A and B begins as the base's
                parameter.add_(SPREAD * torch.randn(parameter.shape, generator=generator))
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    file = folder / "adapter_model.safetensors"
    if "dtype" in variant:
        save_file({n: t.to(variant["dtype"]) for n, t in load_file(file).items()}, file, metadata={"format": "pt"})
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    config.update(variant.get("edit", {}), base_model_name_or_path=base.name)
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort(key=(ALL + sorted(config["target_modules"])).index)
    write_json(folder / "adapter_config.json", {k: v for k, v in config.items() if k in variant.get("keys", config)})


def last_logits(model):
    with torch.no_grad():
        return model(input_ids=torch.tensor([prompts()[-1]])).logits[0, -1]


def changed(folder, base, variant):
    """The last logits of the adapter without its property."""
    with tempfile.TemporaryDirectory() as other:
        shutil.copytree(folder, other, dirs_exist_ok=True)
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        write_json(Path(other) / "adapter_config.json", {**config, **variant.get("unlike", {})})
        if "without" in variant:
            file = Path(other) / "adapter_model.safetensors"
            save_file({n: t for n, t in load_file(file).items() if variant["without"] not in n}, file, metadata={"format": "pt"})
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
    unlike = float((logits - changed(folder, base, variant)).abs().max()) if {"unlike", "without"} & set(variant) else moved
    if min(moved, unlike) < 0.05:
        raise SystemExit(f"{name}: moves the logits by {moved}, its property by {unlike} only")
    write_json(folder / "expected.json", dict(description=variant["about"], base=base.name, top2_margin=round(margin, 4), cases=cases), indent=None)
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{name}: seed {seed}, margin {margin:.4f}, {size} bytes, moved {moved:.3g}, property moved {unlike:.3g}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--only", nargs="*", help="names of adapters, all by default")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for name, variant in VARIANTS.items():
        if not args.only or name in args.only:
            make(name, variant, args.checkpoints / variant.get("base", "tied"), args.out / name)


if __name__ == "__main__":
    main()
