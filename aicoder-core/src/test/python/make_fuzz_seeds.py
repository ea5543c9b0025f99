"""Makes what the fuzz targets begin with: a small tokenizer, and inputs that are valid or wrong in known ways.

    python make_fuzz_seeds.py --out ../resources/io/aicoder/fuzz

Inputs are written as <Class>Inputs/<target>/seed-<name>. What fuzzing found lies beside them as found-<name> and is
not touched.
"""

import argparse
import json
import pathlib
import struct

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors

RESOURCES = pathlib.Path(__file__).parent.parent / "resources"
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>\n"
    "{{ message['content'] | trim }}<|eot|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
TENSOR = '"%s":{"dtype":"%s","shape":[%s],"data_offsets":[%s]}'


def tokenizer():
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("d", "e"), ("de", "f"), ("Ġ", "x"), ("r", "e"), ("re", "t")]
    vocab = {token: i for i, token in enumerate(letters + [a + b for a, b in merges])}
    result = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=True))
    result.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    result.decoder = decoders.ByteLevel()
    result.add_special_tokens([AddedToken("<|bos|>", special=True), AddedToken("<|eot|>", special=True)])
    result.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single="<|bos|> $A",
                pair="<|bos|> $A <|bos|>:1 $B:1",
                special_tokens=[("<|bos|>", result.token_to_id("<|bos|>"))],
            ),
        ]
    )
    return json.loads(result.to_str())


def small_tokenizer():
    """One with few tokens, which leaves a fuzzer more to change than a vocabulary."""
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
             "vocab": {"a": 0, "b": 1, "ab": 2, "Ġ": 3}, "merges": [["a", "b"]]}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model}


def added(content, **options):
    token = {"id": 4, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True}
    return [{**token, **options}]


def tokenizers():
    seeds = {"llama3": tokenizer(), "small": small_tokenizer()}

    def variant(name, **fields):
        seeds[name] = {**small_tokenizer(), **fields}

    def model(name, **fields):
        variant(name, model={**small_tokenizer()["model"], **fields})

    def split(pattern, behavior="Isolated"):
        return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": False}

    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "b", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
                "special_tokens": {"b": {"id": "b", "ids": [1], "tokens": ["b"]}}}
    variant("llama2", normalizer={"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, replace]},
            decoder={"type": "Sequence", "decoders": [replace, {"type": "ByteFallback"}, {"type": "Fuse"}, strip]},
            model={"type": "BPE", "byte_fallback": True, "merges": [], "unk_token": "<unk>",
                   "vocab": {"<unk>": 0, "▁": 1, "<0xC3>": 2, "<0xA9>": 3, "x": 4}})
    variant("metaspace", pre_tokenizer=metaspace, decoder=metaspace)
    variant("normalizers", normalizer={"type": "Sequence", "normalizers": [
        {"type": "NFC"}, {"type": "NFKD"}, {"type": "Lowercase"}, {"type": "ByteLevel"}]})
    variant("pre_tokenizers", pre_tokenizer={"type": "Sequence", "pretokenizers": [
        {"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "MergedWithNext"},
        {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, split({"String": " "}, "MergedWithPrevious"),
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}]})
    variant("template", post_processor=template, added_tokens=added("<s>"))
    variant("template_ids_differ", post_processor={**template, "special_tokens": {
        "b": {"id": "c", "ids": [], "tokens": ["b", "c", "d"]}}})
    variant("bytelevel_trims", post_processor={"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                                               "use_regex": True})
    # The largest long that is 0 as an int.
    variant("strip_stop_2_32", decoder={**strip, "content": "a", "stop": 1 << 32})
    variant("strip_stop_text", decoder={**strip, "stop": "0"})
    variant("strip_start_huge", decoder={**strip, "start": (1 << 64) - 1})
    variant("strip_no_character", decoder={**strip, "content": ""})
    variant("truncation", truncation={"max_length": 0, "strategy": "LongestFirst", "stride": 9, "direction": "Left"})
    variant("padding", padding={"strategy": {"Fixed": 1 << 62}, "direction": "Left", "pad_to_multiple_of": 0,
                                "pad_id": 0, "pad_type_id": 0, "pad_token": "x"})
    for i, pattern in enumerate(["", "(?=a)", "^", "$", "(a*)*b", "(a|aa)+$", "\\K", "(?<n>a\\g<n>?)", "(?~a)",
                                 "[[:alpha:]]", "\\X", "a{0,100000}{0,100000}", "(?<=a*)b", "("]):
        variant(f"regex_{i}", pre_tokenizer=split({"Regex": pattern}))
    variant("split_nothing", pre_tokenizer=split({"String": ""}, "Contiguous"))
    variant("prepend_nothing", normalizer={"type": "Prepend", "prepend": ""})
    variant("added_lstrip", added_tokens=added(" a", lstrip=True))
    variant("added_normalized", added_tokens=added("É", normalized=True, single_word=True), normalizer={"type": "NFD"})
    variant("added_id_huge", added_tokens=added("z", id=(1 << 32) - 1) + added("y", id=4))
    variant("added_twice", added_tokens=added("z") + added("z", id=5))
    variant("deep", normalizer=nested(200))
    variant("deeper", normalizer=nested(450))
    model("no_vocabulary", vocab={}, merges=[])
    model("vocabulary_id_huge", vocab={"a": (1 << 32) - 1}, merges=[])
    model("vocabulary_id_negative", vocab={"a": -1}, merges=[])
    model("vocabulary_ids_equal", vocab={"a": 1, "b": 1}, merges=[])
    model("empty_token", vocab={"": 0, "a": 1}, merges=[["", "a"], ["a", ""]])
    model("merges_old_form", merges=["a b", " a", "a  b", "#version"])
    model("merge_of_nothing", merges=[["a"], []])
    model("dropout", dropout=1.0)
    model("dropout_nan", dropout=1e400)
    model("unknown_token", unk_token="?")
    model("suffix", end_of_word_suffix="</w>")
    model("prefix", continuing_subword_prefix="##")
    model("prefix_number", continuing_subword_prefix=7)
    texts = {name: json.dumps(seed, ensure_ascii=False, separators=(",", ":")) for name, seed in seeds.items()}
    texts["twice"] = texts["small"].replace('"model":{', '"model":{"type":"WordPiece",')
    texts["escaped_name"] = texts["small"].replace('"type"', '"t\\u0079pe"')
    texts["surrogate"] = texts["small"].replace('"a":0', '"\\ud800":0')
    return texts


def nested(depth):
    step = {"type": "NFC"}
    for _ in range(depth):
        step = {"type": "Sequence", "normalizers": [step]}
    return step


def tokenizer_configs():
    config = {"bos_token": "<|bos|>", "eos_token": {"content": "<|eot|>", "lstrip": False}, "chat_template": TEMPLATE}

    def variant(**fields):
        return json.dumps({**config, **fields})

    return {
        "plain": variant(),
        "named": variant(chat_template=[{"name": "default", "template": TEMPLATE}, {"name": "tool_use", "template": ""}]),
        "named_otherwise": variant(chat_template=[{"name": "x", "template": ""}]),
        "no_template": variant(chat_template=None),
        "template_number": variant(chat_template=7),
        "template_deep": variant(chat_template=["x"] * 50),
        "tokens_odd": variant(bos_token=7, eos_token={"content": {}}, pad_token=None, unk_token=[]),
        "array": "[]",
        "nothing": "",
        "deep": "[" * 5000,
        "utf16": variant().encode("utf-16"),
        "utf32_broken": b"\x00\x00\x00{\x7f\xff\xff\xff",
        "surrogate": '{"chat_template":"\\ud800{{ bos_token }}","bos_token":"\\udc00"}',
        "names": json.dumps({"chat_template": [{"name": "n" * 500, "template": "x"}] * 100}),
    }


def templates():
    loop = "{% for i in range(999) %}"
    return {
        "plain": TEMPLATE,
        "llama3": (pathlib.Path(__file__).parent / "templates" / "llama31_style.jinja").read_text(),
        "mistral": (pathlib.Path(__file__).parent / "templates" / "mistral_style.jinja").read_text(),
        "reasoning": (pathlib.Path(__file__).parent / "templates" / "reasoning_style.jinja").read_text(),
        "refuses": "{{ raise_exception('no') }}",
        "time": "{{ strftime_now('%d %b %Y %q %') }}",
        "namespace": "{% set ns = namespace(x=0) %}{% for m in messages %}{% set ns.x = ns.x + 1 %}{% endfor %}{{ ns.x }}",
        "methods": "{{ 'a b'.split(' ')[0].upper() }}{{ ''.split('') }}{{ 'x'.strip('') }}{{ messages[0].items() }}",
        "filters": "{{ messages | tojson }}{{ messages | length }}{{ messages | map(attribute='role') | join(', ') }}",
        "filtered_loop": "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}",
        "slices": "{{ messages[1:] }}{{ messages[::-1] }}{{ 'abc'[9:1] }}{{ messages[99] }}{{ messages[-1] }}",
        "arithmetic": "{{ 1 // 0 }}{{ 1 % 0 }}{{ 9223372036854775807 + 1 }}{{ 2 ** 9999 }}{{ -7 // 2 }}",
        "division": "{{ 1 / 0 }}",
        "open_tag": "{% for m in messages ",
        "open_print": "{{ 'a",
        "open_comment": "{# x",
        "open_raw": "{% raw %}{{ x",
        "open_loop": "{% for m in messages %}x",
        "end_alone": "{% endfor %}{% endif %}{% else %}",
        "only_signs": "{%-%}{{-}}{#-#}{%+%}{%--%}{{}}{%%}",
        "long_tag": "{{ " + "a" * 30000 + " }}",
        "long_string": "{{ '" + "\\\\" * 15000 + "' }}",
        "long_loop": "{% for m in " + "a" * 30000 + " %}x{% endfor %}",
        "many_open": "{{" * 15000,
        "many_open_tags": "{% " * 10000,
        "many_quotes": "{{ '" + "'" * 30001,
        "deep_parentheses": "{{ " + "(" * 10000 + "1" + ")" * 10000 + " }}",
        "deep_brackets": "{{ " + "(" * 49 + "[" * 2 + "1" + "]" * 2 + ")" * 49 + " }}" + "{{ " + "(" * 45 + "1" + ")" * 45 + " }}",
        "deep_lists": "{{ " + "[" * 10000 + "]" * 10000 + " }}",
        "deep_not": "{{ " + "not " * 8000 + "1 }}",
        "deep_sums": "{{ 1" + "+1" * 15000 + " }}",
        "deep_ifs": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
        "deep_filters": "{{ 'a'" + "|trim" * 6000 + " }}",
        "loops_without_end": loop * 8 + "{% endfor %}" * 8,
        "loops_that_print": loop * 4 + "{{ i }}" + "{% endfor %}" * 4,
        "doubled_text": "{% set s = 'aaaaaaaa' %}" + "{% set s = s ~ s %}" * 40 + "{{ s | length }}",
        "added_text": "{% set s = 'aaaaaaaa' %}" + "{% set s = s + s %}" * 40 + "{{ s | length }}",
        "doubled_list": "{% set l = messages %}" + "{% set l = l + l %}" * 40 + "{{ l | length }}",
        "replaced_text": "{% set s = 'aaaaaaaa' %}" + "{% set s = s.replace('a', 'aaaaaaaa') %}" * 14 + "{{ s | length }}",
        "joined_text": "{% set s = 'aaaaaaaa' %}" + "{% set s = (s|list)|join(s) %}" * 6 + "{{ s | length }}",
        "itself": "{% set l = [1] %}{% set x = l.append(l) %}{{ l }}",
        "map_itself": "{% set d = {'a': 1} %}{% set x = d.update({'b': d}) %}{{ d | tojson }}",
        "centre": "{{ 'a' | center(2000000000) }}",
        "format": "{{ '%02000000000d' | format(1) }}",
        "indent": "{{ 'a\\nb' | indent(2000000000) }}",
        "batch": "{{ [1] | batch(2000000000, 1) | list }}",
        "slice_filter": "{{ [1] | slice(2000000000) | list }}",
        "range": "{{ range(0, 2000000000) | list | length }}",
        "regex": "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' | regex_replace('(a*)*b', '') }}",
        "include": "{% include 'x' %}",
        "import": "{% import 'x' as y %}{% from 'x' import z %}",
        "extends": "{% extends 'x' %}{% block a %}{% endblock %}",
        "blocks": "{% block a %}{{ self.a() }}{% endblock %}",
        "macro": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "java": "{{ ''.class.forName('java.lang.Runtime') }}{{ messages.getClass() }}",
        "nothing": "",
        "no_utf8": b"\xff\xfe{{ bos_token }}",
        "line_ends": "a\r\n{%- if 1 -%}\r{% endif %}\r\n",
        "unicode": "{{ '\U0001f600\u0301' | upper }}\u2028{%- if 1 %}\u2029{% endif %}",
    }


def resource(path):
    return (RESOURCES / path).read_bytes()


def split_file(content):
    length = struct.unpack("<Q", content[:8])[0]
    return content[8 : 8 + length], content[8 + length :]


def safetensors(header, data=b""):
    header = header if isinstance(header, bytes) else header.encode("utf-8")
    return struct.pack("<Q", len(header)) + header + data


def headers():
    """Headers for the data of the checkpoint `tied`."""
    tied = split_file(resource("checkpoints/tied/model.safetensors"))[0]
    tensors = json.loads(tied)
    norm = "model.norm.weight"

    def changed(**fields):
        return json.dumps({**tensors, norm: {**tensors[norm], **fields}})

    def extra(text):
        return tied.decode().rstrip()[:-1] + "," + text + "}"

    begin, end = tensors[norm]["data_offsets"]
    return {
        "plain": tied,
        "padded": tied + b" " * 37,
        "metadata": extra('"__metadata__":{"format":"pt","x":7,"y":{"z":[null]}}') if b"__metadata__" not in tied else tied,
        "scalar": extra(TENSOR % ("s", "F32", "", "0,4")),
        "empty_tensor": extra(TENSOR % ("e", "F32", "0,7", f"{end},{end}")),
        "empty_tensor_first": extra(TENSOR % ("e", "F32", "0", "0,0")),
        "empty_large": extra(TENSOR % ("e", "F32", "0,9223372036854775807,9223372036854775807", "0,0")),
        "overlap": changed(data_offsets=[begin - 2, end - 2]),
        "odd_offset": changed(data_offsets=[begin + 1, end + 1]),
        "half_offset": changed(data_offsets=[begin + 0.5, end]),
        "offsets_text": changed(data_offsets=[str(begin), str(end)]),
        "offset_negative": changed(data_offsets=[-1, end]),
        "offset_2_63": changed(data_offsets=[begin, 1 << 63]),
        "offsets_far": changed(data_offsets=[1 << 62, (1 << 62) + 64]),
        "shape_too_large": changed(shape=[1 << 32, 1 << 32]),
        "shape_2_63": changed(shape=[1 << 63]),
        "shape_2_64": changed(shape=[1 << 64]),
        "shape_negative": changed(shape=[-4, -8]),
        "shape_zero": changed(shape=[0]),
        "shape_long": changed(shape=[1] * 5000),
        "shape_deep": changed(shape=[[[[]]]]),
        "f64": changed(dtype="F64"),
        "f8": changed(dtype="F8_E4M3"),
        "i8": changed(dtype="I8"),
        "dtype_unknown": changed(dtype="NOPE" * 5000),
        "dtype_null": changed(dtype=None),
        "wrong_dtype_width": changed(dtype="F32"),
        "other_type_same_width": changed(dtype="F16"),
        "nan": tied.decode().replace('"shape":[32]', '"shape":[NaN]'),
        "twice": extra(TENSOR % (norm, "BF16", "32", f"{begin},{end}")),
        "name_long": extra(TENSOR % ("n" * 20000, "F32", "1", "0,4")),
        "name_odd": extra(TENSOR % ("\\u0000\\ud800\\n", "F32", "1", "0,4")),
        "deep": "{" + '"a":{' * 3000,
        "array": "[]",
        "nothing": "{}",
        "tail": tied + b"garbage",
        "invalid_utf8": tied.replace(b"model.norm", b"model\xff\xfenorm"),
    }


def files():
    data = b"\x00" * 16
    return {
        "whole": safetensors("{" + TENSOR % ("a", "F32", "4", "0,16") + "}", data),
        "truncated": safetensors("{" + TENSOR % ("a", "F32", "4", "0,16") + "}", data)[:-1],
        "header_only": safetensors("{" + TENSOR % ("a", "F32", "0", "0,0") + "}"),
        "length_0": struct.pack("<Q", 0),
        "length_2_63": struct.pack("<Q", 1 << 63) + b"{}",
        "length_max": struct.pack("<q", -1) + b"{}",
        "length_100_million": struct.pack("<Q", 100_000_000) + b"{}",
        "length_one_off": struct.pack("<Q", 3) + b"{}",
        "short": b"\x02\x00\x00",
        "zip": b"PK\x03\x04" + bytes(64),
        "pickle": b"\x80\x02}q\x00.",
    }


def indexes():
    plain = json.loads(resource("checkpoints/sharded/model.safetensors.index.json"))
    name = "model.norm.weight"

    def with_shard(shard):
        return json.dumps({**plain, "weight_map": {**plain["weight_map"], name: shard}})

    seeds = {
        "plain": json.dumps(plain),
        "no_map": "{}",
        "map_text": '{"weight_map":"x"}',
        "map_empty": '{"weight_map":{}}',
        "shard_number": with_shard(7),
        "shard_object": with_shard({}),
        "shard_outside": with_shard("../sharded/config.json"),
        "shard_itself": with_shard("model.safetensors.index.json"),
        "shard_config": with_shard("config.json"),
        "shard_long": with_shard("x" * 5000),
        "shard_surrogate": with_shard("\ud800"),
        "shard_nul": with_shard("a\0b"),
        "shard_device": with_shard("/dev/zero"),
        "shard_dots": with_shard("..."),
        "shard_blank": with_shard(" "),
        "shard_wrong": with_shard("model-00001-of-00003.safetensors"),
        "shard_unicode": with_shard("mödel-✓.safetensors"),
        "metadata_odd": json.dumps({**plain, "metadata": {"total_size": -1e400}}),
        "twice": json.dumps(plain)[:-1] + ', "weight_map": {}}',
        "array": "[]",
        "deep": '{"weight_map":' * 2000,
    }
    return seeds


def adapters():
    plain = resource("adapters/q_v/adapter_model.safetensors")
    header, data = split_file(plain)
    a = b"layers.0.self_attn.q_proj.lora_A"
    return {
        "plain": plain,
        "bf16": resource("adapters/bf16_file/adapter_model.safetensors"),
        "truncated": plain[:-1],
        "other_layer": safetensors(header.replace(b"layers.0.", b"layers.9."), data),
        "layer_huge": safetensors(header.replace(b"layers.0.", b"layers.99999999999999."), data),
        "layer_digits": safetensors(header.replace(b"layers.0.", "layers.٣.".encode()), data),
        "module_unknown": safetensors(header.replace(b"q_proj", b"z_proj"), data),
        "only_one": safetensors(header.replace(a, a.replace(b"_A", b"_C")), data),
        "module_long": safetensors(header.replace(b"q_proj", b"q" * 20000), data),
    }


def configs():
    plain = json.loads(resource("checkpoints/tied/config.json"))

    def variant(**fields):
        return json.dumps({**plain, **fields})

    def rope(**fields):
        changed = {k: v for k, v in plain.items() if k != "rope_parameters"}
        return json.dumps({**changed, "rope_scaling": fields})

    llama3 = {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
              "original_max_position_embeddings": 64}
    seeds = {
        "plain": variant(),
        "llama3": rope(**llama3),
        "llama3_extreme": rope(**{**llama3, "factor": 1e308, "low_freq_factor": 1e-308, "high_freq_factor": 1e308}),
        "linear": rope(rope_type="linear", factor=2.0),
        "linear_tiny": rope(type="linear", factor=1e-308),
        "dynamic": rope(rope_type="dynamic", factor=4.0),
        "yarn": rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=64, beta_fast=32, beta_slow=1,
                     attention_factor=1.0, mscale=1, mscale_all_dim=0),
        "longrope": rope(rope_type="longrope", short_factor=[1], long_factor=[1]),
        "positions_huge": variant(max_position_embeddings=2147483647),
        "positions_one": variant(max_position_embeddings=1),
        "positions_2_31": variant(max_position_embeddings=2147483648),
        "theta_huge": variant(rope_parameters={"rope_theta": 1e308}),
        "theta_tiny": variant(rope_parameters={"rope_theta": 1e-308}),
        "theta_nan": variant(rope_parameters={"rope_theta": float("nan")}),
        "theta_infinite": variant(rope_parameters={"rope_theta": 1e400}),
        "eps_huge": variant(rms_norm_eps=1e308),
        "eps_tiny": variant(rms_norm_eps=5e-324),
        "eos_many": variant(eos_token_id=list(range(320))),
        "eos_outside": variant(eos_token_id=2147483647),
        "untied": variant(tie_word_embeddings=False),
        "biased": variant(attention_bias=True, mlp_bias=True),
        "heads_1": variant(num_attention_heads=1, num_key_value_heads=1, head_dim=32),
        "heads_zero": variant(num_attention_heads=0),
        "heads_other": variant(num_attention_heads=8, head_dim=4, num_key_value_heads=4),
        "head_dim_odd": variant(head_dim=7),
        "layers_fewer": variant(num_hidden_layers=1),
        "layers_many": variant(num_hidden_layers=2147483647),
        "vocabulary_more": variant(vocab_size=321),
        "hidden_huge": variant(hidden_size=2147483647),
        "hidden_2_63": variant(hidden_size=1 << 63),
        "hidden_float": variant(hidden_size=32.0),
        "numbers_long": '{"hidden_size":' + "9" * 999 + "}",
        "exponent_long": '{"rms_norm_eps":1e' + "9" * 900 + "}",
        "mistral": variant(architectures=["MistralForCausalLM"], model_type="mistral", sliding_window=4096),
        "qwen2": variant(architectures=["Qwen2ForCausalLM"], model_type="qwen2", use_sliding_window=False),
        "partial_rotary": variant(partial_rotary_factor=0.5),
        "sliding_window": variant(sliding_window=1),
        "quantized": variant(quantization_config={"bits": 4}),
        "architecture_long": variant(architectures=["x" * 20000]),
        "twice": '{"hidden_size":7,' + variant()[1:],
        "text_long": variant(hidden_size="x" * 20000),
        "list_long": variant(hidden_size=[1] * 10000),
        "deep": "[" * 5000,
        "array": "[]",
        "nothing": "",
        "tail": variant() + "garbage",
        "comment": "/* x */" + variant(),
        "byte_order_mark": b"\xef\xbb\xbf" + variant().encode(),
        "utf16": variant().encode("utf-16"),
        "utf32_broken": b"\x00\x00\x00{\x7f\xff\xff\xff",
        "invalid_utf8": variant().encode().replace(b"silu", b"si\xff\xfe"),
    }
    return seeds


def generation_configs():
    return {
        "plain": resource("checkpoints/several_eos/generation_config.json"),
        "sampled": json.dumps({"do_sample": True, "temperature": 0.6, "top_k": 5, "top_p": 0.9,
                               "repetition_penalty": 1.1, "max_new_tokens": 3, "eos_token_id": [1, 2]}),
        "cold": json.dumps({"do_sample": True, "temperature": 1e-308}),
        "hot": json.dumps({"do_sample": True, "temperature": 1e308}),
        "top_k_huge": json.dumps({"do_sample": True, "top_k": 2147483647}),
        "top_p_tiny": json.dumps({"do_sample": True, "top_p": 1e-308}),
        "penalty_huge": json.dumps({"repetition_penalty": 1e308}),
        "penalty_tiny": json.dumps({"repetition_penalty": 1e-308, "do_sample": True}),
        "tokens_huge": json.dumps({"max_new_tokens": 2147483647}),
        "tokens_that_fit_barely": json.dumps({"max_new_tokens": 150_000_000}),
        "tokens_none": json.dumps({"max_new_tokens": 0}),
        "eos_text": json.dumps({"eos_token_id": "x"}),
        "eos_deep": json.dumps({"eos_token_id": [[1]]}),
        "nan": '{"temperature": NaN, "do_sample": true}',
        "array": "[]",
        "nothing": "",
        "deep": '{"a":' * 3000,
    }


def adapter_configs():
    plain = json.loads(resource("adapters/q_v/adapter_config.json"))

    def variant(**fields):
        return json.dumps({**plain, **fields})

    def pattern(expression):
        return variant(rank_pattern={expression: 4})

    return {
        "plain": variant(),
        "patterns": variant(rank_pattern={"q_proj": 4, ".*v_proj": 4}, alpha_pattern={"layers.0.*": 3.5}),
        "pattern_exponential": pattern("((\\w*)*)*-"),
        "pattern_exponential_dots": pattern("((\\w\\.?)+)+-"),
        "pattern_deep": pattern("(" * 8000 + ")" * 8000),
        "pattern_many_choices": pattern("(.|a|b)*" * 300),
        "pattern_repeats": pattern("((((.{0,1000}){0,1000}){0,1000}){0,1000}){0,1000}-"),
        "pattern_repeats_nothing": pattern("(?:(?:){999999999}){999999999}"),
        "pattern_repeats_nothing_often": pattern("(?:(?:(?:(?:(?:){999}){999}){999}){999}){999}"),
        "pattern_open": pattern("("),
        "pattern_closes_group": pattern("q_proj)|(.*"),
        "pattern_reference": pattern("(.*)\\1\\2"),
        "pattern_behind": pattern("(?<=a{1,1000}b{1,1000})c"),
        "pattern_long": pattern("a" * 40000),
        "pattern_empty": pattern(""),
        "target_regex": variant(target_modules=".*\\.(q|v)_proj"),
        "target_exponential": variant(target_modules="((\\w*)*)*-"),
        "all_linear": variant(target_modules="all-linear"),
        "exclude_exponential": variant(exclude_modules="((\\w*)*)*-"),
        "layers_pattern": variant(layers_pattern="((\\w*)*)*-", layers_to_transform=[0]),
        "layers_huge": variant(layers_to_transform=[2147483648]),
        "rank_huge": variant(r=2147483647),
        "rank_2_31": variant(r=2147483648),
        "alpha_tiny": variant(lora_alpha=5e-324),
        "alpha_huge": variant(lora_alpha=1e308, use_rslora=True),
        "dora": variant(use_dora=True),
        "bias_all": variant(bias="all", lora_bias=True),
        "saved_modules": variant(modules_to_save=["embed_tokens", "lm_head"]),
        "fan_in": variant(fan_in_fan_out=True),
        "loha": variant(peft_type="LOHA"),
        "option_unknown": variant(**{"x" * 20000: {"y": [1] * 5000}}),
        "array": "[]",
        "nothing": "",
        "deep": '{"rank_pattern":' * 2000,
    }


TARGETS = {
    "SafeTensorsFuzzTestInputs/header": headers,
    "SafeTensorsFuzzTestInputs/file": files,
    "SafeTensorsFuzzTestInputs/index": indexes,
    "SafeTensorsFuzzTestInputs/adapter": adapters,
    "ConfigFuzzTestInputs/config": configs,
    "ConfigFuzzTestInputs/generationConfig": generation_configs,
    "ConfigFuzzTestInputs/adapterConfig": adapter_configs,
    "TextFilesFuzzTestInputs/tokenizerConfig": tokenizer_configs,
    "TextFilesFuzzTestInputs/chatTemplate": templates,
    "TextFilesFuzzTestInputs/tokenizer": tokenizers,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    model = out / "model"
    model.mkdir(parents=True, exist_ok=True)
    text = json.dumps(tokenizer(), ensure_ascii=False, separators=(",", ":"))
    (model / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
    config = {"bos_token": "<|bos|>", "eos_token": "<|eot|>", "chat_template": TEMPLATE}
    (model / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    for target, seeds in TARGETS.items():
        folder = out / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("seed-*"):
            old.unlink()
        for name, content in seeds().items():
            if isinstance(content, str):
                content = content.encode("utf-8", "surrogatepass")
            (folder / f"seed-{name}").write_bytes(content)


if __name__ == "__main__":
    main()
