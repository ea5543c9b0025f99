"""One training run with PEFT, transformers and torch, as transformers' Trainer does it: what the scripts here share.

A run is described by a dict, which record_training.py writes as options.json; its head explains the fields. A micro-batch is
a dict(rows=[dict(ids, labels, positions, segments)]); rows are not padded here, labels are those of the same place (the model
shifts them), -100 counts for nothing, and segments number the examples of a row from 1.
"""
import inspect
import json
import math

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.optimizers import create_loraplus_optimizer
from transformers import AutoModelForCausalLM, Trainer, get_scheduler, logging

IGNORED = -100
ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

logging.set_verbosity_error()
logging.disable_progress_bar()


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path, value, indent=2):
    separators = None if indent else (",", ":")
    path.write_text(json.dumps(value, indent=indent, separators=separators, ensure_ascii=False) + "\n", encoding="utf-8")


def write_losses(path, steps):
    """A line for each step."""
    lines = ",\n".join("  " + json.dumps(step) for step in steps)
    path.write_text('{"steps": [\n' + lines + "\n]}\n", encoding="utf-8")


def load(folder, dtype="float32", attention="eager"):
    """The base: everything is computed in dtype, whatever the file holds."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype), attn_implementation=attention)


def answered(tokenizer, record):
    """A record of the embedded train split as ids, and how many of them are the prompt's."""
    turn = [dict(role="user", content=record["instruct"])]
    prompt = tokenizer.apply_chat_template(turn, tokenize=True, add_generation_prompt=True, return_dict=False)
    return prompt + tokenizer.encode(record["answer"].strip("\n"), add_special_tokens=False) + [tokenizer.eos_token_id], len(prompt)


def padded(micro_batch):
    """The model's inputs: one line for each row. Padding is on the right, where nobody sees it, so that no mask has to hide it."""
    rows = micro_batch["rows"]
    width = max(len(row["ids"]) for row in rows)

    def lines(of, filler):
        return torch.tensor([of(row) + [filler] * (width - len(row["ids"])) for row in rows])

    return dict(input_ids=lines(lambda row: row["ids"], 0), labels=lines(lambda row: row["labels"], IGNORED),
                position_ids=lines(lambda row: row["positions"], 0), attention_mask=torch.ones(len(rows), width, dtype=torch.long))


def block_diagonal(micro_batch, dtype):
    """The same inputs with a mask of four dimensions: a place sees those before it in its own segment."""
    inputs = padded(micro_batch)
    width = inputs["input_ids"].shape[1]
    segments = torch.tensor([row["segments"] + [0] * (width - len(row["ids"])) for row in micro_batch["rows"]])
    seen = (segments[:, :, None] == segments[:, None, :]) & torch.ones(width, width, dtype=torch.bool).tril()
    mask = torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(torch.bfloat16).min)
    return {**inputs, "attention_mask": mask[:, None]}


def loss_tokens(micro_batches):
    """How many labels count: the first of a row is nobody's next token."""
    return sum(label != IGNORED for batch in micro_batches for row in batch["rows"] for label in row["labels"][1:])


def loss_of(model, inputs, count):
    """The sum of the cross-entropies of all labels that count, divided by count."""
    if next(model.parameters()).dtype != torch.float64:
        return model(**inputs, num_items_in_batch=torch.tensor(count)).loss
    # transformers rounds logits to float32 before the loss, which is not wanted here.
    logits = model(**{k: v for k, v in inputs.items() if k != "labels"}).logits[:, :-1]
    labels = inputs["labels"][:, 1:]
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum") / count


def decayed(model):
    """The names that transformers' Trainer lets decay: all but biases and norms."""
    names = set(Trainer.get_decay_parameter_names(None, model))
    return [n for n, p in model.named_parameters() if p.requires_grad and n in names]


def optimizer_of(model, options):
    settings = dict(options["optimizer"])
    assert settings.pop("name") == "AdamW"
    decay, ratio, rate = settings.pop("weight_decay"), settings.pop("loraplus_lr_ratio", None), settings.pop("lr")
    settings = dict(settings, betas=tuple(settings["betas"]), foreach=False, fused=False)
    if ratio is not None:
        return create_loraplus_optimizer(model, torch.optim.AdamW, lr=rate, loraplus_lr_ratio=ratio, loraplus_weight_decay=decay, **settings)
    names = set(decayed(model))
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    groups = [dict(params=[p for n, p in trained if n in names], weight_decay=decay),
              dict(params=[p for n, p in trained if n not in names], weight_decay=0.0)]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=rate, **settings)


def schedule_of(optimizer, options):
    schedule = options["schedule"]
    return get_scheduler(schedule["name"], optimizer, num_warmup_steps=schedule["warmup_steps"], num_training_steps=schedule["total_steps"])


def train(model, micro_batches, options, inputs_of=padded, steps=None):
    """Trains in place; returns what is recorded of each step."""
    optimizer = optimizer_of(model, options)
    scheduler = schedule_of(optimizer, options)
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    accumulation, made = options["accumulation"], []
    for step in range(steps or options["steps"]):
        parts = [micro_batches[(step * accumulation + i) % len(micro_batches)] for i in range(accumulation)]
        count, total = loss_tokens(parts), 0.0
        for part in parts:
            loss = loss_of(model, inputs_of(part), count)
            loss.backward()
            total += loss.item()
        limit = options["max_grad_norm"]
        norm = torch.nn.utils.clip_grad_norm_(trained, math.inf if limit is None else limit, foreach=False)
        rates = [group["lr"] for group in optimizer.param_groups if group["params"]]
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        made.append(dict(loss=total, gradient_norm=norm.item(), learning_rates=rates, loss_tokens=count))
    return made


def adapted(base, lora):
    """The base with a new adapter."""
    return get_peft_model(base, LoraConfig(**lora))


def continued(base, adapter):
    """The base with a stored adapter that is to be trained on."""
    return PeftModel.from_pretrained(base, adapter, is_trainable=True)


def write_adapter(model, folder, base):
    """Lets PEFT write the adapter; what would differ from run to run or name a path is put in order."""
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = read_json(folder / "adapter_config.json")
    config["base_model_name_or_path"] = base.name
    for key in ("target_modules", "modules_to_save"):
        if isinstance(config[key], list):
            config[key].sort(key=lambda name: (ALL_LINEAR.index(name) if name in ALL_LINEAR else len(ALL_LINEAR), name))
    write_json(folder / "adapter_config.json", config)


def lora_arguments(lora):
    """Fails early when an option is misspelt."""
    unknown = lora.keys() - inspect.signature(LoraConfig).parameters.keys()
    if unknown:
        raise SystemExit(f"LoraConfig has no {sorted(unknown)}")
    return lora
