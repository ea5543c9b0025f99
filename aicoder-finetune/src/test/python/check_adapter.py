"""Checks by hand that real PEFT reads an adapter that AICoder wrote, and trains on from it.

usage: python check_adapter.py --base DIR --adapter DIR [--ids 1,2,3 ...] [--dtype float32]
           [--options FILE --batches FILE --out DIR [--steps N]]

Prints one JSON object and ends with 1 when something is wrong:
  missing, unexpected   names of tensors that PEFT would have written for this adapter_config.json and that the file lacks, or the
                        other way round; shapes: those that differ, with both. All three must be empty
  unknown_options       keys of adapter_config.json that this PEFT does not know; must be empty
  lora                  the configuration as PEFT understands it, without its defaults
  trained               how many numbers PEFT would train
  logits                of each --ids (a text as ids, with commas): those behind its last token, the adapter beside the base
With --options, an options.json of record_training.py (or one of the same fields: lora, initial and final are not looked at),
and --batches, its batches.json, training goes on from the adapter for --steps steps (default: as the options say) and is
written to --out: an adapter directory and losses.json. AICoder has to come to the same from the same adapter.
"""
import argparse
import json
import sys
import warnings
from pathlib import Path

import torch
from peft import LoraConfig, PeftConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file

from training import continued, load, read_json, train, write_adapter, write_losses


def differences(base, adapter):
    """The tensors of the file against those that PEFT itself writes for the same configuration."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = PeftConfig.from_pretrained(adapter)
        config.inference_mode = False
        ours = {n: list(t.shape) for n, t in load_file(adapter / "adapter_model.safetensors").items()}
        theirs = {n: list(t.shape) for n, t in get_peft_model_state_dict(get_peft_model(base, config)).items()}
    return dict(missing=sorted(theirs.keys() - ours.keys()), unexpected=sorted(ours.keys() - theirs.keys()),
                shapes={n: [ours[n], theirs[n]] for n in sorted(ours.keys() & theirs.keys()) if ours[n] != theirs[n]},
                unknown_options=sorted(read_json(adapter / "adapter_config.json").keys() - LoraConfig().to_dict().keys()))


def understood(adapter):
    """The options whose values are not PEFT's defaults."""
    defaults = LoraConfig().to_dict()
    values = PeftConfig.from_pretrained(adapter).to_dict()
    return {k: sorted(v) if isinstance(v, set) else v for k, v in values.items() if k not in defaults or v != defaults[k]}


def last_logits(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids])).logits[0, -1].float().tolist()


def go_on(model, options, batches, steps, out, base):
    made = train(model, read_json(batches)[options["batches"]], options, steps=steps)
    write_adapter(model, out, base)
    write_losses(out / "losses.json", made)
    return [step["loss"] for step in made]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, type=Path)
    parser.add_argument("--adapter", required=True, type=Path)
    parser.add_argument("--ids", nargs="*", default=[])
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--options", type=Path)
    parser.add_argument("--batches", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int)
    args = parser.parse_args()
    if args.options and not (args.batches and args.out):
        parser.error("--options needs --batches and --out")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = differences(load(args.base, args.dtype), args.adapter)
    wrong = any(found.values())
    if not wrong:
        model = continued(load(args.base, args.dtype), args.adapter)
        model.eval()
        found.update(lora=understood(args.adapter), trained=sum(p.numel() for p in model.parameters() if p.requires_grad),
                     logits=[last_logits(model, [int(i) for i in ids.split(",")]) for ids in args.ids])
        if args.options:
            found["losses"] = go_on(model, read_json(args.options), args.batches, args.steps, args.out, args.base)
    print(json.dumps(found, default=str))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
