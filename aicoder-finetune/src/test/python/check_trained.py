"""Checks by hand that real PEFT trains on from the adapters that AICoder trained, one for each recorded option.

usage: python check_trained.py --repository ROOT --references REFERENCES_DIR --trained DIR [--only NAME ...] [--steps N]

DIR is target/trained, where TrainingReferenceTest leaves the adapter it came to from PEFT's initial one. PEFT loads each, and
the one that it recorded itself, and trains both on for --steps steps. Prints, for each option, the largest difference of a loss and
of a value at the end; ends with 1 when a tensor or an option is amiss, or a loss differs by more than 1e-3 (bfloat16: 0.1).
"""
import argparse
import sys
from pathlib import Path

import torch
from peft import get_peft_model_state_dict

from check_adapter import differences
from training import continued, load, read_json, train


def trained_on(options, base, adapter, batches, steps):
    model = continued(load(base, options["dtype"]), adapter)
    made = train(model, batches, options, steps=steps)
    return [step["loss"] for step in made], get_peft_model_state_dict(model)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", required=True, type=Path)
    parser.add_argument("--references", required=True, type=Path)
    parser.add_argument("--trained", required=True, type=Path)
    parser.add_argument("--only", nargs="*", help="names of runs, all adapters by default")
    parser.add_argument("--steps", type=int, default=10)
    args = parser.parse_args()
    torch.set_num_threads(1)
    batches = read_json(args.references / "batches.json")
    names = args.only or sorted(path.parent.parent.name for path in args.references.glob("*/final_adapter/adapter_config.json"))
    wrong = False
    for name in names:
        options, ours = read_json(args.references / name / "options.json"), args.trained / name
        base, micro_batches = args.repository / options["base"], batches["full" if options["batches"] == "packed" else options["batches"]]
        amiss = {key: value for key, value in differences(load(base, options["dtype"]), ours).items() if value}
        if not amiss:
            losses, values = trained_on(options, base, ours, micro_batches, args.steps)
            others, recorded = trained_on(options, base, args.references / name / options["final"], micro_batches, args.steps)
            found = dict(loss=max(abs(a - b) for a, b in zip(losses, others, strict=True)),
                         value=max(float((values[n] - recorded[n]).abs().max()) for n in recorded))
        wrong |= bool(amiss) or not found["loss"] < (0.1 if options["dtype"] == "bfloat16" else 1e-3)
        print(name, amiss or found, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
