"""Records 50 steps of training with PEFT, transformers and torch, one run for each option: references/NAME/.

usage: python record_training.py --repository ROOT --out REFERENCES_DIR [--only NAME ...]

batches.json, shared by all runs: an object of lists of micro-batches, each dict(rows=[dict(ids, labels, positions, segments)]).
  full        random sentences of a small grammar, 20 micro-batches of 4 examples of 6 to 24 tokens; all labels count
  completion  the same, and the labels of the first third of each example do not count
  packed      the examples of `full`, several to a row: positions begin again with each, segments number them from 1
  nano        programs of the embedded train split through the embedded model's chat template, answers count: 10 of 4
A row's labels stand at the places of their ids: the model shifts them. The first label of an example is always -100.

references/NAME:
  options.json     base (a checkpoint's folder, from the repository's root), dtype (of the base while it computes), batches (a list
                   of batches.json), accumulation (micro-batches a step; step s takes those from s * accumulation on, and after
                   the last the first again), steps, lora (arguments of PEFT's LoraConfig, null for full-parameter training),
                   optimizer (torch.optim.AdamW; loraplus_lr_ratio goes to PEFT's create_loraplus_optimizer), no_decay (names of
                   trained parameters without weight decay, as transformers' Trainer chooses them), schedule
                   (transformers.get_scheduler), max_grad_norm, initial and final (folders, from this one; initial is absent where
                   the base itself is trained), seen (see below)
  losses.json      of each step: loss (cross-entropies of all labels that count, of all micro-batches of the step, over their
                   number), gradient_norm (global, before clipping), learning_rates (of the optimizer's groups in this step;
                   for LoRA+ A, then B), loss_tokens
  initial_adapter, final_adapter   as PEFT writes them, float32; A and B both begin random, so that all gradients flow at once
  final_model      of full-parameter training, as transformers writes it

`packed` is trained on the examples one to a row, which is what packing must amount to; that a block-diagonal mask does so is
checked here. `seen` in options.json says how far the recorded run is from the same run in float64 (for a bfloat16 base: in
float32), as the largest difference of a loss, of a gradient norm (relative) and of a trained value: what rounding alone makes of 50 steps;
how far training moved a value (moved) and the mean loss from the first ten steps to the last ten (loss_fell); and how far the
option moves losses from those of another run (unlike), because one that moves nothing would test nothing.

Beside the runs: schedules.json, learning rates of many schedules, and initialization.json, how PEFT draws A and B.
"""
import argparse
import gzip
import json
import random
import shutil
from pathlib import Path

import peft
import torch
import transformers
from transformers import AutoTokenizer, get_scheduler

from training import (ALL_LINEAR, IGNORED, adapted, answered, block_diagonal, decayed, load, lora_arguments, loss_of, loss_tokens, padded, train,
                      write_adapter, write_json, write_losses)

CHECKPOINTS = "aicoder-core/src/test/resources/checkpoints/"
NANO = "examples/nano/base"
STEPS = 50
VOCAB, BOS, EOS = 320, 1, 2
# A gradient that is nearly zero turns a step of Adam around when it is rounded otherwise: seeds where that matters are no reference.
CLEAR = 2e-5
ADAMW = dict(name="AdamW", lr=1e-3, betas=[0.9, 0.999], eps=1e-8, weight_decay=0.01)
SLOW = dict(ADAMW, lr=1e-4)
RANKS = {"layers.1.self_attn.q_proj": 3, "q_proj": 2, r"model\.layers\.0\.mlp\.(gate|up)_proj": 6}
ALPHAS = {"layers.1.mlp.down_proj": 20, "v_proj": 2}


def lora(**changes):
    return {**dict(r=4, lora_alpha=16, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM", target_modules=ALL_LINEAR), **changes}


def schedule(name, warmup=0):
    return dict(name=name, warmup_steps=warmup, total_steps=STEPS)


# unlike: the run whose losses this one's must differ from. from_: the run whose initial adapter this one begins with.
RUNS = dict(
    nano=dict(about="the embedded model and the paper's settings, but rank 4 for the size of this recording", base=NANO, batches="nano", optimizer=SLOW),
    plain=dict(about="the paper's settings on a tiny checkpoint", lora=lora(r=8, lora_alpha=32), optimizer=SLOW),
    adamw=dict(about="what the options below are compared with: rank 4, a higher rate"),
    rslora=dict(about="use_rslora: alpha / sqrt(r)", lora=lora(use_rslora=True), unlike="adamw"),
    dora=dict(about="use_dora: the magnitude vector is trained, the norm it is divided by is a constant to the gradient", lora=lora(use_dora=True), unlike="adamw"),
    loraplus=dict(about="LoRA+: B at 16 times the rate of A", optimizer=dict(SLOW, loraplus_lr_ratio=16.0), from_="adamw", unlike="adamw"),
    accumulation=dict(about="4 micro-batches a step, the loss over the tokens of all four", accumulation=4, from_="adamw", unlike="adamw"),
    packing=dict(about="several examples a row, blind to each other; trained one to a row", batches="packed", trained_on="full", from_="adamw", like="adamw"),
    completion=dict(about="loss on completions only", batches="completion", from_="adamw", unlike="adamw"),
    clipping=dict(about="the global norm of gradients clipped to 0.5", max_grad_norm=0.5, from_="adamw", unlike="adamw"),
    cosine=dict(about="cosine with warm-up", schedule=schedule("cosine", 5), from_="adamw", unlike="adamw"),
    linear=dict(about="linear with warm-up", schedule=schedule("linear", 5), from_="adamw", unlike="adamw"),
    constant=dict(about="constant with warm-up", schedule=schedule("constant_with_warmup", 5), from_="adamw", unlike="adamw"),
    betas=dict(about="weight decay, betas and epsilon of other sizes", optimizer=dict(ADAMW, betas=[0.8, 0.95], eps=1e-3, weight_decay=0.5), from_="adamw", unlike="adamw"),
    patterns=dict(about="rank_pattern and alpha_pattern with suffixes, an overlap and a regular expression", lora=lora(rank_pattern=RANKS, alpha_pattern=ALPHAS)),
    q_v=dict(about="target_modules q_proj and v_proj", lora=lora(target_modules=["q_proj", "v_proj"]), unlike="adamw"),
    modules_to_save=dict(about="modules_to_save embed_tokens and lm_head", base=CHECKPOINTS + "untied", lora=lora(modules_to_save=["embed_tokens", "lm_head"]), optimizer=SLOW),
    tied=dict(about="ensure_weight_tying: embedding and head are trained whole, as one", lora=lora(modules_to_save=["embed_tokens"], ensure_weight_tying=True), optimizer=SLOW),
    bias_all=dict(about="bias all: the biases of all modules are trained", base=CHECKPOINTS + "biases", lora=lora(bias="all")),
    lora_bias=dict(about="lora_bias: B has a bias", lora=lora(lora_bias=True), unlike="adamw"),
    qwen2=dict(about="biases of q, k and v in the base", base=CHECKPOINTS + "qwen2"),
    window=dict(about="Mistral with a window of 8 tokens", base=CHECKPOINTS + "mistral_window"),
    bf16=dict(about="the base computes in bfloat16, A and B are float32", base=CHECKPOINTS + "tied", dtype="bfloat16"),
    full=dict(about="all parameters of the model, no adapter", lora=None, optimizer=SLOW, unlike="adamw"),
)


def settings(name):
    """What options.json begins with."""
    run = RUNS[name]
    arguments = run.get("lora", lora())
    return dict(
        about=run["about"], base=run.get("base", CHECKPOINTS + "fp32"), dtype=run.get("dtype", "float32"),
        batches=run.get("batches", "full"), accumulation=run.get("accumulation", 1), steps=STEPS,
        lora=None if arguments is None else lora_arguments(arguments), optimizer=run.get("optimizer", ADAMW),
        schedule=run.get("schedule", schedule("constant")), max_grad_norm=run.get("max_grad_norm"))


def example(ids, prompt=1):
    """One to a row; the labels of the prompt do not count, nor does the first in any case."""
    return dict(ids=ids, labels=[IGNORED] * prompt + ids[prompt:], positions=list(range(len(ids))), segments=[1] * len(ids))


def sentence(randoms):
    """Tokens that mostly follow from the one before, so that there is something to learn."""
    ids, length = [BOS, randoms.randrange(10, VOCAB)], randoms.randrange(5, 24)
    while len(ids) < length:
        ids.append((5 * ids[-1] + 7) % (VOCAB - 10) + 10 if randoms.random() < 0.8 else randoms.randrange(10, VOCAB))
    return ids + [EOS]


def packed(rows, length):
    """Fills rows in the order of the examples."""
    filled = []
    for row in rows:
        if not filled or len(filled[-1]["ids"]) + len(row["ids"]) > length:
            filled.append(dict(ids=[], labels=[], positions=[], segments=[]))
        last = filled[-1]
        segment = last["segments"][-1] + 1 if last["segments"] else 1
        for key in ("ids", "labels", "positions"):
            last[key] += row[key]
        last["segments"] += [segment] * len(row["ids"])
    return filled


def programs(root):
    """Short records of the embedded train split: the paper's instruction and the answer, each to its end token."""
    tokenizer = AutoTokenizer.from_pretrained(root / NANO)
    found = []
    with gzip.open(root / "examples/nano/tasks/train.jsonl.gz", "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["kind"] == "generate":
                ids, prompt = answered(tokenizer, record)
                if len(ids) <= 128:
                    found.append(example(ids, prompt))
            if len(found) == 40:
                break
    return [dict(rows=found[i:i + 4]) for i in range(0, len(found), 4)]


def batches(root):
    randoms = random.Random(5)
    sentences = [[sentence(randoms) for _ in range(4)] for _ in range(20)]
    full = [dict(rows=[example(ids) for ids in part]) for part in sentences]
    return dict(full=full, completion=[dict(rows=[example(ids, max(1, len(ids) // 3)) for ids in part]) for part in sentences],
                packed=[dict(rows=packed(part["rows"], 40)) for part in full], nano=programs(root))


def check_packing(root, sets):
    """That a block-diagonal mask makes packed rows the same as their examples one to a row."""
    model = load(root / CHECKPOINTS / "fp32", "float64").eval()
    with torch.no_grad():
        for apart, together in zip(sets["full"], sets["packed"]):
            assert loss_tokens([apart]) == loss_tokens([together])
            losses = [float(loss_of(model, inputs, loss_tokens([apart]))) for inputs in (padded(apart), block_diagonal(together, torch.float64))]
            assert abs(losses[0] - losses[1]) < 1e-6, losses
            unmasked = float(loss_of(model, padded(together), loss_tokens([apart])))
            assert len(together["rows"]) == 4 or abs(unmasked - losses[0]) > 1e-3, "the mask changes nothing"


def randomized(model, seed=17):
    """A as PEFT draws it, B small but not zero: from the seed and the order of names alone."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if "lora_A" in name:
                parameter.copy_((2 * torch.rand(parameter.shape, generator=generator) - 1) / parameter.shape[1] ** 0.5)
            elif "lora_B" in name:
                parameter.copy_(0.02 * torch.randn(parameter.shape, generator=generator))
    return model


def begun(root, options, dtype):
    """The model before the first step."""
    torch.manual_seed(0)
    base = load(root / options["base"], dtype)
    return base if options["lora"] is None else randomized(adapted(base, options["lora"]))


def trained_values(model):
    return {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}


def largest(one, other):
    return max(float((one[n].double() - other[n].double()).abs().max()) for n in one)


def compared(root, options, micro_batches, steps, values):
    """How far the run is from one of another precision."""
    dtype = "float32" if options["dtype"] == "bfloat16" else "float64"
    model = begun(root, options, dtype)
    model = model.to(getattr(torch, dtype))
    other = train(model, micro_batches, options)
    return dict(against=dtype, loss=max(abs(a["loss"] - b["loss"]) for a, b in zip(steps, other)),
                gradient_norm=max(abs(a["gradient_norm"] / b["gradient_norm"] - 1) for a, b in zip(steps, other)),
                values=largest(values, trained_values(model)))


def mean(steps):
    return sum(step["loss"] for step in steps) / len(steps)


def record(root, name, sets, folder, curves):
    run, options = RUNS[name], settings(name)
    micro_batches = sets[run.get("trained_on", options["batches"])]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = begun(root, options, options["dtype"])
    before = trained_values(model)
    base = root / options["base"]
    if options["lora"] is not None and "from_" not in run:
        write_adapter(model, folder / "initial_adapter", base)
    decays = set(decayed(model))
    steps = train(model, micro_batches, options)
    values = trained_values(model)
    if options["lora"] is None:
        model.save_pretrained(folder / "final_model")
    else:
        write_adapter(model, folder / "final_adapter", base)
        options["initial"] = "../" + run["from_"] + "/initial_adapter" if "from_" in run else "initial_adapter"
    options["final"] = "final_model" if options["lora"] is None else "final_adapter"
    options["no_decay"] = sorted(n for n in values if n not in decays)
    seen = compared(root, options, micro_batches, steps, values)
    seen.update(moved=largest(before, values), loss_fell=mean(steps[:10]) - mean(steps[-10:]))
    if options["dtype"] == "float32" and not seen["loss"] < CLEAR:
        raise SystemExit(f"{name}: rounding alone changes losses by {seen['loss']}; take another seed")
    curves[name] = [step["loss"] for step in steps]
    for key in {"unlike", "like"} & run.keys():
        seen[key] = {run[key]: max(abs(a - b) for a, b in zip(curves[name], curves[run[key]]))}
        if (key == "like") == (seen[key][run[key]] > 1e-3):
            raise SystemExit(f"{name}: {key} {seen[key]}")
    options["seen"] = {k: rounded(v) for k, v in seen.items()}
    options["versions"] = dict(torch=torch.__version__.split("+")[0], transformers=transformers.__version__, peft=peft.__version__)
    write_json(folder / "options.json", options)
    write_losses(folder / "losses.json", steps)
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    print(f"{name}: {steps[0]['loss']:.4f} -> {steps[-1]['loss']:.4f}, norm {steps[0]['gradient_norm']:.3g}, {size} bytes, {options['seen']}", flush=True)


def rounded(value):
    """Two digits are enough of what only says how large something is."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return float(f"{value:.2g}") if isinstance(value, float) else value


def write_schedules(path):
    """Learning rates as shares of the highest one, step by step."""
    made = []
    for name in ("constant", "constant_with_warmup", "linear", "cosine"):
        for warmup, total in ((0, 10), (3, 10), (1, 10), (10, 10), (12, 40), (0, 1)):
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
            scheduler = get_scheduler(name, optimizer, num_warmup_steps=warmup, num_training_steps=total)
            shares = []
            for _ in range(total):
                shares.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                scheduler.step()
            made.append(dict(name=name, warmup_steps=warmup, total_steps=total, shares=shares))
    write_json(path, made, indent=None)


def write_initialization(path):
    """What PEFT draws: A uniform within 1/sqrt(in) whatever the rank, B zero."""
    made = []
    for inner, rank in ((32, 8), (64, 8), (576, 8), (576, 64), (1536, 16)):
        torch.manual_seed(0)
        layer = adapted(torch.nn.Sequential(torch.nn.Linear(inner, 48, bias=False)), dict(r=rank, target_modules=["0"])).base_model.model[0]
        a, b = layer.lora_A.default.weight.detach(), layer.lora_B.default.weight.detach()
        made.append(dict(in_features=inner, rank=rank, bound=inner ** -0.5, standard_deviation=inner ** -0.5 / 3 ** 0.5,
                         seen=dict(largest=float(a.abs().max()), standard_deviation=float(a.std()), mean=float(a.mean()), b_largest=float(b.abs().max()))))
        assert float(a.abs().max()) <= inner ** -0.5 and not b.any()
    write_json(path, dict(a="uniform in [-bound, bound], bound = 1 / sqrt(in_features): kaiming_uniform_ with a = sqrt(5)", b="zero", cases=made))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--only", nargs="*", help="names of runs, all by default")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    args.out.mkdir(parents=True, exist_ok=True)
    sets = batches(args.repository)
    write_json(args.out / "batches.json", sets, indent=None)
    check_packing(args.repository, sets)
    write_schedules(args.out / "schedules.json")
    write_initialization(args.out / "initialization.json")
    curves = {p.parent.name: [s["loss"] for s in json.loads(p.read_text())["steps"]] for p in args.out.glob("*/losses.json")}
    for name in args.only or RUNS:
        record(args.repository, name, sets, args.out / name, curves)


if __name__ == "__main__":
    main()
