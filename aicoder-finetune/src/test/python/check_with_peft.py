"""Loads an adapter directory that AICoder wrote into PEFT: says whether PEFT misses or refuses anything.

usage: python check_with_peft.py --base BASE_DIR --adapter ADAPTER_DIR [--like ADAPTER_DIR]

Prints how many tensors were loaded and the loss on a fixed row of token ids; with --like also that of another adapter, and fails
when they differ. Fails when a key is missing, unexpected, or was not loaded bit for bit.
"""
import argparse, json

import torch
from peft import PeftModel, get_peft_model_state_dict
from peft.utils.save_and_load import load_peft_weights, set_peft_model_state_dict
from transformers import AutoModelForCausalLM


def load(base, adapter):
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter).eval()
    weights = load_peft_weights(adapter, device="cpu")
    result = set_peft_model_state_dict(model, weights)
    missing = [key for key in result.missing_keys if "lora_" in key or "modules_to_save" in key]
    if missing or result.unexpected_keys:
        raise SystemExit(f"{adapter}: missing {missing}, unexpected {result.unexpected_keys}")
    loaded = get_peft_model_state_dict(model)
    for name, tensor in weights.items():
        if not torch.equal(loaded[name], tensor):
            raise SystemExit(f"{adapter}: {name} was not loaded")
    ids = torch.arange(1, 18)[None]
    with torch.no_grad():
        loss = model(input_ids=ids, labels=ids).loss.item()
    print(json.dumps(dict(adapter=str(adapter), tensors=len(weights), loss=loss)))
    return loss


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True)
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--like")
    args = parser.parse_args()
    torch.set_num_threads(1)
    loss = load(args.base, args.adapter)
    if args.like and load(args.base, args.like) != loss:
        raise SystemExit("the two adapters differ")


if __name__ == "__main__":
    main()
