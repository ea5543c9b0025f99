"""Records every option of PEFT's LoraConfig, off and on: lora_options.json.

usage: python record_lora_options.py --out lora_options.json

An object by option: off is the value that a new configuration has in its file, on another one, as PEFT writes it.
"""
import argparse, dataclasses, json, tempfile, warnings
from pathlib import Path

import peft
from peft import LoraConfig
from peft.tuners.lora import config as lora

from make_tiny_checkpoints import write_json

ON = dict(
    task_type="CAUSAL_LM", peft_type="LOHA", auto_mapping={"base_model_class": "LlamaForCausalLM"}, peft_version="0.21.0", base_model_name_or_path="tied",
    revision="main", inference_mode=True, r=16, target_modules=["q_proj"], exclude_modules=["q_proj"], lora_alpha=32, lora_dropout=0.1,
    fan_in_fan_out=True, bias="all", use_rslora=True, modules_to_save=["lm_head"], init_lora_weights="pissa", layers_to_transform=[0],
    layers_pattern="layers", rank_pattern={"q_proj": 2}, alpha_pattern={"q_proj": 2}, megatron_config={"hidden_size": 1}, megatron_core="other.core",
    trainable_token_indices=[1], loftq_config={"loftq_bits": 4}, eva_config=lora.EvaConfig(), corda_config=lora.CordaConfig(),
    lora_ga_config=lora.LoraGAConfig(), use_dora=True, velora_config=lora.VeloraConfig(), alora_invocation_tokens=[1, 2], use_qalora=True,
    qalora_group_size=8, monteclora_config=lora.MontecloraConfig(), layer_replication=[[0, 1]], runtime_config=None, lora_bias=True,
    target_parameters=["mlp.up_proj.weight"], use_bdlora=lora.BdLoraConfig(), arrow_config=lora.ArrowConfig(), kasa_config=lora.KasaConfig(),
    ensure_weight_tying=True,
)


def plain(value):
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        LoraConfig().save_pretrained(folder)
        saved = json.loads((Path(folder) / "adapter_config.json").read_text(encoding="utf-8"))
    options = {f.name: dict(off=saved.get(f.name), on=plain(ON[f.name])) for f in dataclasses.fields(LoraConfig)}
    if saved.keys() - options.keys():
        raise SystemExit(f"the file has more: {saved.keys() - options.keys()}")
    write_json(args.out, dict(peft=peft.__version__, options=options))
    print(len(options), "options")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
