"""Lets PEFT write adapters with each option, for the tests of what AICoder writes: peft/NAME/.

usage: python record_adapter_config.py --out PEFT_DIR

Makes a tiny random base (peft/base: config.json, model.safetensors; biases in attention, a head of its own) and one adapter for
each variant, written by PEFT's own save_pretrained: adapter_config.json, adapter_model.safetensors and of README.md the front
matter. All that the adapter trains is random. The one change: names in target_modules are sorted, because PEFT writes a set there,
whose order is chance.
"""
import argparse, json, os, shutil
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
VARIANTS = dict(
    plain=dict(r=8, lora_alpha=32),
    dropout=dict(r=2, lora_alpha=7.5, lora_dropout=0.05, target_modules=["v_proj", "q_proj"]),
    rslora=dict(use_rslora=True),
    dora=dict(use_dora=True),
    patterns=dict(rank_pattern={"q_proj": 2, "1.mlp.up_proj": 6}, alpha_pattern={"q_proj": 3, "down_proj": 0.5}),
    saved=dict(target_modules=["q_proj"], modules_to_save=["embed_tokens", "lm_head"]),
    lora_bias=dict(target_modules=["k_proj", "down_proj"], lora_bias=True),
    bias_all=dict(target_modules=["q_proj"], bias="all"),
    bias_lora_only=dict(target_modules=["q_proj", "up_proj"], bias="lora_only"),
    layers=dict(layers_to_transform=[1]),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    out = parser.parse_args().out
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    os.chdir(out)  # so that the base's name is no path
    torch.manual_seed(1)
    base = LlamaConfig(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
                       vocab_size=20, max_position_embeddings=64, attention_bias=True, tie_word_embeddings=False)
    LlamaForCausalLM(base).save_pretrained("base")
    for name, options in VARIANTS.items():
        folder = Path(name)
        shutil.rmtree(folder, ignore_errors=True)
        options = {**dict(r=4, lora_alpha=8, target_modules=ALL, task_type="CAUSAL_LM"), **options}
        model = get_peft_model(AutoModelForCausalLM.from_pretrained("base"), LoraConfig(**options))
        with torch.no_grad():
            for _, parameter in sorted(model.named_parameters()):
                if parameter.requires_grad:
                    parameter.add_(torch.randn(parameter.shape))
        model.save_pretrained(folder)
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        config["target_modules"].sort()
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")
        card = (folder / "README.md").read_text(encoding="utf-8")
        (folder / "README.md").write_text(card[:card.index("---\n", 4) + 4], encoding="utf-8")
    Path("base/generation_config.json").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
