"""Checks by hand that the runs recorded here are what transformers' own Trainer makes of them.

usage: python check_trainer.py --repository ROOT --references REFERENCES_DIR [--only NAME ...]

Trains every run again with transformers.Trainer from the recorded initial adapter and compares with the recorded final one: prints
the largest difference of a value and of a gradient norm, and ends with 1 when a value differs by more than 1e-5.
"""
import argparse
import sys
import tempfile
from pathlib import Path

import torch
from peft import get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import PrinterCallback, Trainer, TrainingArguments

from training import continued, load, optimizer_of, padded, read_json

RUNS = ["plain", "accumulation", "completion", "clipping", "cosine", "linear", "constant", "dora", "loraplus", "modules_to_save", "full"]


class InOrder(Trainer):
    """A Trainer that keeps the order of its data."""

    def _get_train_sampler(self, train_dataset=None):
        return torch.utils.data.SequentialSampler(self.train_dataset)


def arguments(options, folder):
    adam, schedule = options["optimizer"], options["schedule"]
    return TrainingArguments(
        output_dir=folder, per_device_train_batch_size=1, gradient_accumulation_steps=options["accumulation"], max_steps=options["steps"],
        learning_rate=adam["lr"], adam_beta1=adam["betas"][0], adam_beta2=adam["betas"][1], adam_epsilon=adam["eps"],
        weight_decay=adam["weight_decay"], optim="adamw_torch", lr_scheduler_type=schedule["name"], warmup_steps=schedule["warmup_steps"],
        max_grad_norm=options["max_grad_norm"] or 1e9, logging_steps=1, save_strategy="no", report_to=[], use_cpu=True,
        disable_tqdm=True, remove_unused_columns=False, dataloader_pin_memory=False)


def values(model, options):
    return model.state_dict() if options["lora"] is None else get_peft_model_state_dict(model)


def compare(repository, folder, batches):
    options = read_json(folder / "options.json")
    base = load(repository / options["base"], options["dtype"])
    model = base if options["lora"] is None else continued(base, folder / options["initial"])
    optimizer = optimizer_of(model, options) if "loraplus_lr_ratio" in options["optimizer"] else None
    with tempfile.TemporaryDirectory() as scratch:
        trainer = InOrder(model=model, args=arguments(options, scratch), train_dataset=batches[options["batches"]],
                          data_collator=lambda items: padded(items[0]), optimizers=(optimizer, None))
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    name = "model.safetensors" if options["lora"] is None else "adapter_model.safetensors"
    recorded, ours = load_file(folder / options["final"] / name), values(model, options)
    norms = [line["grad_norm"] for line in trainer.state.log_history if "grad_norm" in line]
    steps = read_json(folder / "losses.json")["steps"]
    return dict(values=max(float((recorded[n] - ours[n]).abs().max()) for n in recorded),
                gradient_norm=max(abs(step["gradient_norm"] - norm) for step, norm in zip(steps, norms, strict=True)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", required=True, type=Path)
    parser.add_argument("--references", required=True, type=Path)
    parser.add_argument("--only", nargs="*", default=RUNS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    batches = read_json(args.references / "batches.json")
    wrong = False
    for name in args.only:
        found = compare(args.repository, args.references / name, batches)
        wrong |= not found["values"] < 1e-5
        print(name, found, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
