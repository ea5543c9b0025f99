"""Makes tiny random Llama checkpoints, each with the outputs of the Python reference stack: checkpoints/NAME/.

usage: python make_tiny_checkpoints.py --out CHECKPOINTS_DIR [--only NAME ...]

Every checkpoint is one way in which real ones differ (architecture, number format, shards, tied or untied head, head
counts, biases, the config of one or another version of transformers, rotary scaling, sliding window) and holds config.json,
generation_config.json, the safetensors and expected.json. There is no tokenizer: prompts are ids below the vocabulary of 320.

expected.json: description, top2_margin (the smallest distance of the two best logits over all steps), cases; a case has
prompt_ids, output_ids (greedy, 24 tokens or up to and with an end token) and last_logits (all, after the prompt, rounded
to 6 significant digits). Everything is computed in float32 from the finished directory, whatever the files hold, and every
case by a model that has computed nothing before: in transformers, dynamic rotary scaling remembers the longest text so far.

transformers' Llama does not turn heads in part (partial_rotary_factor), but its Phi-3, which is a Llama with q, k, v and gate,
up in one matrix each, does: that variant is computed by a Phi-3 made of the same weights.

Weights are drawn with a wide spread and a seed is taken only if every greedy choice is clear (margin above 0.05), so that
another order of summation cannot change the ids. Variants marked `unlike` must also give clearly different logits when
the property they are about is taken away; otherwise they would test nothing.
"""
import argparse, json, shutil, tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, Phi3Config, Phi3ForCausalLM, logging

HIDDEN, HEADS, LAYERS, INNER, VOCAB = 32, 4, 2, 64, 320
BOS, EOS = 1, 2
NEW_TOKENS = 24
PROMPT_LENGTHS = (1, 7, 33)
MARGIN = 0.05
SPREAD = 0.5

SHAPE = dict(architectures=["LlamaForCausalLM"], model_type="llama", hidden_act="silu", hidden_size=HIDDEN, intermediate_size=INNER,
             num_attention_heads=HEADS, num_hidden_layers=LAYERS, vocab_size=VOCAB)
COMMON = dict(SHAPE, num_key_value_heads=2, attention_bias=False, attention_dropout=0.0, mlp_bias=False, max_position_embeddings=256,
              initializer_range=SPREAD, rms_norm_eps=1e-5, pretraining_tp=1, use_cache=True, bos_token_id=BOS, eos_token_id=EOS,
              pad_token_id=None, tie_word_embeddings=True)
# What nearly every reader understands: the keys of transformers 4 and 5 side by side.
BOTH = dict(COMMON, head_dim=HIDDEN // HEADS, rope_theta=10000.0, rope_scaling=None, torch_dtype="bfloat16",
            rope_parameters=dict(rope_theta=10000.0, rope_type="default"), dtype="bfloat16")
# transformers 4 wrote these, without head_dim in the beginning.
OLD = dict(COMMON, rope_theta=500000.0, rope_scaling=None, torch_dtype="bfloat16", transformers_version="4.40.0")
# transformers 5 writes these.
NEW = dict(COMMON, head_dim=HIDDEN // HEADS, rope_parameters=dict(rope_theta=500000.0, rope_type="default"), dtype="bfloat16", transformers_version="5.18.0")
# Wavelengths of the four rotary frequencies are 6, 63, 628 and 6283: one kept, one blended, two divided by the factor.
LLAMA3 = dict(factor=8.0, high_freq_factor=4.0, low_freq_factor=1.0, original_max_position_embeddings=64, rope_type="llama3")
PLAIN = dict(rope_parameters=dict(rope_theta=10000.0, rope_type="default"))
MISTRAL = dict({k: v for k, v in BOTH.items() if k not in ("attention_bias", "mlp_bias", "pretraining_tp")},
               architectures=["MistralForCausalLM"], model_type="mistral", sliding_window=None)
QWEN2 = dict({k: v for k, v in BOTH.items() if k not in ("attention_bias", "mlp_bias", "pretraining_tp", "head_dim")},
             architectures=["Qwen2ForCausalLM"], model_type="qwen2", use_sliding_window=False, sliding_window=8, max_window_layers=2)


def config_of(base, **changes):
    """The config with changes; a change to ... removes the key."""
    return {k: v for k, v in {**base, **changes}.items() if v is not ...}


VARIANTS = dict(
    tied=dict(about="the plain one: bfloat16, tied head, 4 heads sharing 2 key-value heads", config=config_of(BOTH)),
    untied=dict(about="lm_head.weight of its own", config=config_of(BOTH, tie_word_embeddings=False)),
    fp16=dict(about="float16 file", config=config_of(BOTH, torch_dtype="float16", dtype="float16"), dtype=torch.float16),
    fp32=dict(about="float32 file", config=config_of(BOTH, torch_dtype="float32", dtype="float32"), dtype=torch.float32),
    mixed_dtypes=dict(about="bfloat16 file whose norms are float32", config=config_of(BOTH), norms=torch.float32),
    unaligned=dict(about="header of odd length, so that no tensor begins at a multiple of its element size", config=config_of(BOTH), unaligned=True),
    sharded=dict(about="three files and model.safetensors.index.json", config=config_of(BOTH, tie_word_embeddings=False), shards=3),
    head_dim=dict(about="head_dim 16 where hidden_size / heads is 8", config=config_of(BOTH, head_dim=16)),
    one_kv_head=dict(about="one key-value head for all 4 heads", config=config_of(BOTH, num_key_value_heads=1)),
    all_kv_heads=dict(about="a key-value head for each head", config=config_of(BOTH, num_key_value_heads=HEADS)),
    biases=dict(about="attention_bias and mlp_bias", config=config_of(BOTH, attention_bias=True, mlp_bias=True)),
    old_config=dict(about="rope_theta, rope_scaling null and torch_dtype; no head_dim, rope_parameters or dtype", config=OLD,
                    unlike=dict(rope_theta=10000.0)),
    new_config=dict(about="rope_parameters and dtype; no rope_theta, rope_scaling or torch_dtype", config=NEW,
                    unlike=dict(rope_parameters=dict(rope_theta=10000.0, rope_type="default"))),
    minimal_config=dict(about="only shapes in config.json (untied, rms_norm_eps 1e-6, rope_theta 10000, eos 2 by default), no generation_config.json",
                        config=config_of(SHAPE), generation=None, unlike=dict(rms_norm_eps=1e-2)),
    several_eos=dict(about="three end tokens in generation_config.json where config.json has one", config=config_of(BOTH), several_eos=True),
    rope_llama3=dict(about="llama3 rotary scaling in rope_parameters", config=config_of(NEW, rope_parameters=dict(LLAMA3, rope_theta=10000.0)),
                     unlike=dict(rope_parameters=dict(rope_theta=10000.0, rope_type="default"))),
    rope_llama3_old=dict(about="llama3 rotary scaling in rope_scaling", config=config_of(OLD, rope_theta=10000.0, rope_scaling=LLAMA3),
                         unlike=dict(rope_scaling=None)),
    rope_linear_old=dict(about="linear rotary scaling in rope_scaling with the oldest key, type", unlike=dict(rope_scaling=None),
                         config=config_of(OLD, rope_theta=10000.0, rope_scaling=dict(type="linear", factor=4.0))),
    rope_dynamic=dict(about="dynamic rotary scaling; 32 original positions, which one prompt reaches while it is answered and one is beyond",
                      config=config_of(NEW, max_position_embeddings=32, rope_parameters=dict(rope_theta=10000.0, rope_type="dynamic", factor=4.0)),
                      lengths=(7, 20, 32, 50), unlike=PLAIN),
    rope_dynamic_old=dict(about="dynamic rotary scaling in rope_scaling with the oldest key, type; a prompt of several pieces",
                          config=config_of(OLD, rope_theta=10000.0, max_position_embeddings=200, rope_scaling=dict(type="dynamic", factor=5.0)),
                          lengths=(190, 700), unlike=dict(rope_scaling=None)),
    rope_yarn=dict(about="yarn rotary scaling in rope_parameters, all options left open; prompts within and beyond the 32 original positions",
                   config=config_of(NEW, head_dim=16, max_position_embeddings=128, rope_parameters=dict(
                       rope_theta=10000.0, rope_type="yarn", factor=4.0, original_max_position_embeddings=32)),
                   lengths=(7, 20, 80), unlike=PLAIN),
    rope_yarn_old=dict(about="yarn rotary scaling in rope_scaling with mscale, mscale_all_dim, beta_fast, beta_slow and without truncate",
                       config=config_of(OLD, head_dim=16, rope_theta=10000.0, max_position_embeddings=128, rope_scaling=dict(
                           type="yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=8, beta_slow=0.25, mscale=1.2,
                           mscale_all_dim=0.4, truncate=False)),
                       lengths=(7, 20, 80), unlike=dict(rope_scaling=dict(type="yarn", factor=4.0, original_max_position_embeddings=32))),
    rope_yarn_attention=dict(about="yarn rotary scaling with attention_factor, factor null and the original positions of the whole config",
                             config=config_of(NEW, head_dim=16, max_position_embeddings=128, original_max_position_embeddings=32,
                                              rope_parameters=dict(rope_theta=10000.0, rope_type="yarn", factor=None, attention_factor=0.8)),
                             lengths=(7, 20, 80), unlike=PLAIN),
    partial_rotary=dict(about="partial_rotary_factor 0.5, computed by a Phi-3 of the same weights",
                        config=config_of(NEW, head_dim=16, hidden_size=64, partial_rotary_factor=0.5), phi3=True,
                        unlike=dict(partial_rotary_factor=1.0)),
    mistral=dict(about="Mistral without a window (sliding_window null), head_dim 16 where hidden_size / heads is 8",
                 config=config_of(MISTRAL, head_dim=16, tie_word_embeddings=False), unlike=dict(sliding_window=2)),
    mistral_window=dict(about="Mistral with a window of 8 tokens", config=config_of(MISTRAL, sliding_window=8), lengths=(1, 7, 8, 9, 33),
                        unlike=dict(sliding_window=None)),
    mistral_long=dict(about="Mistral with a window of 100 tokens and a prompt of several pieces",
                      config=config_of(MISTRAL, sliding_window=100, max_position_embeddings=2048), lengths=(90, 1100), unlike=dict(sliding_window=None)),
    mistral_default=dict(about="Mistral with no word of a window, which means 4096", config=config_of(MISTRAL, sliding_window=...)),
    qwen2=dict(about="Qwen 2: biases of q, k and v; no window, though its size is named", config=QWEN2, unlike=dict(use_sliding_window=True, max_window_layers=0)),
    qwen2_window=dict(about="Qwen 2 with a window of 6 tokens from layer 1 on, untied, as transformers 4 wrote it",
                      config=config_of(QWEN2, use_sliding_window=True, sliding_window=6, max_window_layers=1, tie_word_embeddings=False,
                                       rope_parameters=..., dtype=..., rope_theta=1000000.0),
                      unlike=dict(max_window_layers=0)),
    qwen2_layer_types=dict(about="Qwen 2 with layer_types: layer 0 has a window of 600 tokens, layer 1 none; prompts of one and several pieces",
                           config=config_of(QWEN2, use_sliding_window=True, sliding_window=600, max_position_embeddings=2048,
                                            layer_types=["sliding_attention", "full_attention"]),
                           lengths=(33, 590, 1300), unlike=dict(layer_types=["full_attention", "full_attention"])),
    qwen2_yarn=dict(about="Qwen 2 with the yarn scaling that its model cards advise", unlike=dict(rope_scaling=None),
                    config=config_of(QWEN2, rope_parameters=..., max_position_embeddings=32, rope_scaling=dict(
                        factor=4.0, original_max_position_embeddings=32, type="yarn")), lengths=(7, 20, 80)),
)


def draw_weights(config, seed):
    """The state of a random model: wide matrices, norms around one, biases around zero."""
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, tensor in sorted(model.state_dict().items()):
        if name == "lm_head.weight" and model.config.tie_word_embeddings:
            continue
        noise = torch.randn(tensor.shape, generator=generator)
        state[name] = 1.0 + 0.2 * noise if "norm" in name else SPREAD * noise
    return state


def odd_header(path):
    """Pads the header of a safetensors file with spaces to an odd length; offsets count from its end, so they stay."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = data[8:8 + length].rstrip(b" ")
    header += b" " if len(header) % 2 == 0 else b""
    path.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + length:])


def write_weights(folder, state, variant):
    """Writes the tensors as one file or as shards with an index."""
    dtype = variant.get("dtype", torch.bfloat16)
    state = {n: t.to(variant.get("norms", dtype) if "norm" in n else dtype).contiguous() for n, t in state.items()}
    shards = variant.get("shards", 1)
    if shards == 1:
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        if variant.get("unaligned"):
            odd_header(folder / "model.safetensors")
        return
    names = sorted(state)
    bounds = [len(names) * i // shards for i in range(shards + 1)]
    weight_map = {}
    for i in range(shards):
        file = f"model-{i + 1:05d}-of-{shards:05d}.safetensors"
        part = {n: state[n] for n in names[bounds[i]:bounds[i + 1]]}
        save_file(part, folder / file, metadata={"format": "pt"})
        weight_map.update({n: file for n in part})
    write_json(folder / "model.safetensors.index.json",
               dict(metadata=dict(total_size=sum(t.nbytes for t in state.values())), weight_map=weight_map))


def write_json(path, value, indent=2):
    path.write_text(json.dumps(value, indent=indent, separators=None if indent else (",", ":")) + "\n", encoding="utf-8")


def rounded(values):
    return [float(f"{v:.6g}") for v in values]


def prompts(variant):
    """The same prompts for most checkpoints; ordinary ids from 10 up, after the begin token."""
    generator = torch.Generator().manual_seed(2024)
    return [[BOS] + torch.randint(10, VOCAB, (length - 1,), generator=generator).tolist() for length in variant.get("lengths", PROMPT_LENGTHS)]


def run(model, ids):
    """One case and its smallest top-2 margin."""
    ids = torch.tensor([ids])
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1]
        made = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW_TOKENS, do_sample=False,
                              return_dict_in_generate=True, output_logits=True)
    best = torch.stack([step[0] for step in made.logits]).topk(2).values
    case = dict(prompt_ids=ids[0].tolist(), output_ids=made.sequences[0, ids.shape[1]:].tolist(), last_logits=rounded(logits.tolist()))
    return case, float((best[:, 0] - best[:, 1]).min())


def load(folder, variant):
    if variant.get("phi3"):
        return phi3(folder)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def phi3(folder):
    """A Phi-3 of a Llama's weights."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    state = {n: t.float() for n, t in load_file(folder / "model.safetensors").items()}
    for layer in range(LAYERS):
        at = f"model.layers.{layer}."
        state[at + "self_attn.qkv_proj.weight"] = torch.cat([state.pop(f"{at}self_attn.{n}_proj.weight") for n in "qkv"])
        state[at + "mlp.gate_up_proj.weight"] = torch.cat([state.pop(f"{at}mlp.{n}_proj.weight") for n in ("gate", "up")])
    keys = {k: v for k, v in config.items() if k not in ("architectures", "model_type", "head_dim", "dtype", "transformers_version")}
    rope = dict(config["rope_parameters"], partial_rotary_factor=config["partial_rotary_factor"])
    model = Phi3ForCausalLM(Phi3Config(**{**keys, "rope_parameters": rope})).eval()
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert set(missing) <= {"lm_head.weight"} and not unexpected, (missing, unexpected)
    model.tie_weights()
    return model


def expected(folder, variant):
    results = [run(load(folder, variant), ids) for ids in prompts(variant)]
    return dict(description=variant["about"], top2_margin=round(min(m for _, m in results), 4), cases=[c for c, _ in results])


def lively(cases, eos_free):
    """Whether the greedy outputs wander (no short loops only) and end where they should."""
    return all(len(set(c["output_ids"])) >= 8 for c in cases) and (not eos_free or all(len(c["output_ids"]) == NEW_TOKENS for c in cases))


def only_in(outputs, index, start):
    """The first id from `start` on that comes up in outputs[index] there and in no other output: an end token for that one alone."""
    others = {i for n, output in enumerate(outputs) if n != index for i in output} | set(outputs[index][:start])
    return next(i for i in outputs[index][start:] if i not in others)


def distance(folder, variant):
    """How far the last logits move when the property of the variant is taken away."""
    with tempfile.TemporaryDirectory() as other:
        shutil.copytree(folder, other, dirs_exist_ok=True)
        write_json(Path(other) / "config.json", config_of(variant["config"], **variant["unlike"]))
        ids = torch.tensor([prompts(variant)[-1]])
        with torch.no_grad():
            with_it, without = (load(Path(f), variant)(input_ids=ids).logits[0, -1] for f in (folder, other))
            return float((with_it - without).abs().max())


def make(name, variant, folder):
    """Writes one checkpoint with the first seed that gives clear choices."""
    generation = dict(bos_token_id=BOS, eos_token_id=EOS, do_sample=False, transformers_version="5.18.0")
    for seed in range(1, 10000):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_json(folder / "config.json", variant["config"])
        if variant.get("generation", generation):
            write_json(folder / "generation_config.json", generation)
        write_weights(folder, draw_weights(variant["config"], seed), variant)
        found = expected(folder, variant)
        if found["top2_margin"] > MARGIN and lively(found["cases"], True):
            break
    if variant.get("several_eos"):
        outputs = [c["output_ids"] for c in found["cases"]]
        ends = [EOS, only_in(outputs, 1, 4), only_in(outputs, 2, 12)]
        write_json(folder / "generation_config.json", dict(generation, eos_token_id=ends))
        found = expected(folder, variant)
    moved = distance(folder, variant) if "unlike" in variant else None
    if moved is not None and moved < 0.05:
        raise SystemExit(f"{name}: taking the property away moves the logits by {moved} only")
    write_json(folder / "expected.json", found, indent=None)
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{name}: seed {seed}, margin {found['top2_margin']}, {size} bytes, lengths {[len(c['output_ids']) for c in found['cases']]}"
          + (f", moved {moved:.3g}" if moved is not None else ""), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--only", nargs="*", help="names of checkpoints, all by default")
    args = parser.parse_args()
    torch.set_num_threads(1)
    logging.set_verbosity_error()  # some of these configurations are odd on purpose
    for name, variant in VARIANTS.items():
        if not args.only or name in args.only:
            make(name, variant, args.out / name)


if __name__ == "__main__":
    main()
