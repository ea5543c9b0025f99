"""Makes tiny tokenizers of the structures that published checkpoints have, each with what transformers makes of texts: tokenizers/NAME/.

usage: python make_tiny_tokenizers.py --out TOKENIZERS_DIR [--only NAME ...]

A structure is the chain of normalizer, pre-tokenizer, model options, post-processor and decoder of a tokenizer.json; the vocabularies
are of some hundred tokens and trained on the texts below. Each folder holds tokenizer.json, tokenizer_config.json and expected.json:

- texts: text, plain_ids (without special tokens that are added), prompt_ids (with them), decoded (of plain_ids, special tokens skipped)
  add_bos_token of tokenizer_config.json decides about the begin token where it is given. transformers 4 did so, and 5 has it from its
  setter; but 5.18 forgets the field when it reads a folder that has a tokenizer.json.
- ids: ids drawn at random, none of them special, and decoded: what all of them read together
"""
import argparse, json, random
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PROSE = """The quick brown fox jumps over the lazy dog. It doesn't matter, they'll say; we've seen 1234567890 of them, in 2024 or 3.14159.
Déjà vu: naïve café, Ünïcödé, Straße, señor, Привет, мир! Ёлка. 数据库里的漢字とかな、한국어 עברית العربية हिन्दी ไทย.
"""
CODE = """import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, size=128):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(size, size) for _ in range(4)])

    def forward(self, x):
        for layer in self.layers:
            if x.shape[0] > 1:
                x = torch.relu(layer(x)) + x
\t\treturn x  # tabs\r
"""
TEXTS = [
    "", "a", " ", "   ", "\n", "\n\n", "\t", "Hello world", " Hello world", "  two spaces before", "two behind  ", "a  b   c    d",
    "don't I'LL we've", "1234567 3.14159 0x7F", "line\r\nend\rmid\n\n\nthree", CODE, PROSE,
    "def f(x):\n    if x:\n        return [x ** 2 for _ in range(10)]\n",
    "e\u0301 a\u0308\u0323 \u0915\u094D\u0937 \u1100\u1161", "ﬁ ½ Ⅷ Å", "👩‍👩‍👧‍👦 🇩🇪 👍🏽 1️⃣ 🤖", "漢字 and かな、한국어。", "𝕏𝔄 \U0001F600\U0001F600 é€",
    "▁under▁score▁ ▁", "<0x0A> is a text", "\u0000\u0001\u2028\uFEFF\u00A0x", "a replacement \uFFFD here", "עברית العربية",
    "{BOS}begins", "{BOS} begins", "ends{EOS}", "a{EOS}b {EOS} c", "{EXTRA}x{EXTRA} y", "{BOS}{BOS}twice", "[INST] x [/INST]",
]
SPLIT_LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPLIT_QWEN2 = SPLIT_LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
SPLIT_TEKKEN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
                r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def split(pattern):
    return dict(type="Split", pattern=dict(Regex=pattern), behavior="Isolated", invert=False)


def byte_level(prefix=False, trim=True, regex=False):
    return dict(type="ByteLevel", add_prefix_space=prefix, trim_offsets=trim, use_regex=regex)


def sequence(field, *steps):
    return {"type": "Sequence", field: list(steps)}


def template(token):
    """The post-processor that puts a token before the text."""
    piece, text = dict(SpecialToken=dict(id=token, type_id=0)), dict(Sequence=dict(id="A", type_id=0))
    second = [dict(SpecialToken=dict(id=token, type_id=1)), dict(Sequence=dict(id="B", type_id=1))]
    return dict(type="TemplateProcessing", single=[piece, text], pair=[piece, text, *second],
                special_tokens={token: dict(id=token, ids=[token], tokens=[token])})


SPLIT_DIGITS = dict(type="Digits", individual_digits=True)
DEEPSEEK = [split(r"[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split("[一-龥ࠀ-一가-퟿]+"), SPLIT_DIGITS, byte_level()]
METASPACE_DECODER = sequence("decoders", dict(type="Replace", pattern=dict(String="▁"), content=" "), dict(type="ByteFallback"), dict(type="Fuse"),
                             dict(type="Strip", content=" ", start=1, stop=0))
PREPEND = sequence("normalizers", dict(type="Prepend", prepend="▁"), dict(type="Replace", pattern=dict(String=" "), content="▁"))
METASPACE = dict(type="Metaspace", replacement="▁", prepend_scheme="first", split=False)

# kind: how the vocabulary is made; special: begin, end, another one; config: fields of tokenizer_config.json.
STRUCTURES = dict(
    llama3=dict(kind="bytes", special=["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"], normalizer=None,
                pre_tokenizer=sequence("pretokenizers", split(SPLIT_LLAMA3), byte_level()),
                post_processor=sequence("processors", byte_level(True, False, True), template("<|begin_of_text|>")),
                decoder=byte_level(True, True, True), model=dict(ignore_merges=True)),
    qwen2=dict(kind="bytes", special=["<|endoftext|>", "<|im_end|>", "<|fim_prefix|>"], not_special=["<|fim_prefix|>"], normalizer=dict(type="NFC"),
               pre_tokenizer=sequence("pretokenizers", split(SPLIT_QWEN2), byte_level(trim=False)), post_processor=byte_level(trim=False),
               decoder=byte_level(trim=False), config=dict(add_bos_token=False, bos_token=None)),
    smollm2=dict(kind="bytes", special=["<|im_start|>", "<|im_end|>", "<|endoftext|>"], normalizer=None,
                 pre_tokenizer=sequence("pretokenizers", SPLIT_DIGITS, byte_level(regex=True)), post_processor=None,
                 decoder=byte_level(True, True, True)),
    deepseek_coder=dict(kind="bytes", special=["<｜begin▁of▁sentence｜>", "<|EOT|>", "<｜fim▁hole｜>"], normalizer=sequence("normalizers"),
                        pre_tokenizer=sequence("pretokenizers", *DEEPSEEK), post_processor=byte_level(True, False, True),
                        decoder=byte_level(True, True, True), config=dict(add_bos_token=True, add_eos_token=False)),
    mistral_tekken=dict(kind="bytes", special=["<s>", "</s>", "[INST]"], normalizer=None,
                        pre_tokenizer=sequence("pretokenizers", split(SPLIT_TEKKEN), byte_level()), post_processor=template("<s>"),
                        decoder=byte_level(True, True, True), model=dict(ignore_merges=True)),
    llama2=dict(kind="sentencepiece", special=["<s>", "</s>", "▁<PRE>"], normalizer=PREPEND, pre_tokenizer=None, post_processor=template("<s>"),
                decoder=METASPACE_DECODER),
    llama2_no_bos=dict(kind="sentencepiece", special=["<s>", "</s>", "▁<PRE>"], normalizer=PREPEND, pre_tokenizer=None, post_processor=template("<s>"),
                       decoder=METASPACE_DECODER, config=dict(add_bos_token=False)),
    mistral_metaspace=dict(kind="sentencepiece", special=["<s>", "</s>", "[INST]"], normalizer=None, pre_tokenizer=METASPACE,
                           post_processor=template("<s>"), decoder=METASPACE_DECODER, config=dict(add_bos_token=True, add_eos_token=False)),
    metaspace_decoder=dict(kind="sentencepiece", special=["<s>", "</s>", "<extra>"], normalizer=None,
                           pre_tokenizer=dict(METASPACE, prepend_scheme="always", split=True), post_processor=template("<s>"),
                           decoder=dict(type="Metaspace", replacement="▁", prepend_scheme="always", split=True), model=dict(byte_fallback=False)),
)


def trained_bytes(size):
    """Vocabulary and merges over bytes, whatever the steps before."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(SPLIT_LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.train_from_iterator([PROSE, CODE] * 2, trainers.BpeTrainer(vocab_size=size, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], model["merges"]


def trained_pieces(size):
    """Vocabulary and merges over characters with ▁ for the blank; <unk> and the bytes before them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"▁*[^▁\s]+|▁+|\s"), "isolated")
    known = "".join(c for c in PROSE + CODE if ord(c) < 0x250 and c not in "\n\r\t")
    tokenizer.train_from_iterator(["▁" + known.replace(" ", "▁")] * 2 + ["▁▁▁▁▁▁▁▁"] * 4, trainers.BpeTrainer(vocab_size=size, show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    names = ["<unk>"] + [f"<0x{i:02X}>" for i in range(256)] + sorted(model["vocab"], key=model["vocab"].get)
    return {name: i for i, name in enumerate(names)}, model["merges"]


def tokenizer_json(structure):
    pieces = structure["kind"] == "sentencepiece"
    vocab, merges = trained_pieces(220) if pieces else trained_bytes(420)
    options = dict(unk_token="<unk>", fuse_unk=True, byte_fallback=True) if pieces else dict(unk_token=None, fuse_unk=False, byte_fallback=False)
    model = dict(type="BPE", dropout=None, continuing_subword_prefix=None, end_of_word_suffix=None, ignore_merges=False)
    model.update(options | structure.get("model", {}))
    names = (["<unk>"] if pieces else []) + structure["special"]
    ids = {name: vocab.get(name, len(vocab) + i) for i, name in enumerate(names)}
    if pieces:
        vocab.update(ids)
    added = [dict(id=ids[name], content=name, single_word=False, lstrip=False, rstrip=False, normalized=False,
                  special=name not in structure.get("not_special", [])) for name in names]
    post = json.loads(json.dumps(structure["post_processor"]))
    for processor in [post, *(post or {}).get("processors", [])]:
        for token in (processor or {}).get("special_tokens", {}).values():
            token["ids"] = [ids[name] for name in token["ids"]]
    return dict(version="1.0", truncation=None, padding=None, added_tokens=sorted(added, key=lambda t: t["id"]), normalizer=structure["normalizer"],
                pre_tokenizer=structure["pre_tokenizer"], post_processor=post, decoder=structure["decoder"], model=dict(model, vocab=vocab, merges=merges))


def write_json(path, value, indent=None):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=indent, separators=None if indent else (",", ":")) + "\n", encoding="utf-8")


def make(name, structure, folder):
    folder.mkdir(parents=True, exist_ok=True)
    begin, end, extra = structure["special"]
    content = tokenizer_json(structure)
    write_json(folder / "tokenizer.json", content)
    config = dict(tokenizer_class="PreTrainedTokenizerFast", bos_token=begin, eos_token=end, clean_up_tokenization_spaces=False)
    config.update(structure.get("config", {}))
    write_json(folder / "tokenizer_config.json", {k: v for k, v in config.items() if v is not None}, indent=2)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    if "add_bos_token" in config:
        tokenizer.add_bos_token = config["add_bos_token"]
    texts = []
    for text in (t.replace("{BOS}", begin).replace("{EOS}", end).replace("{EXTRA}", extra) for t in TEXTS):
        plain = tokenizer.encode(text, add_special_tokens=False)
        texts.append(dict(text=text, plain_ids=plain, prompt_ids=tokenizer.encode(text), decoded=tokenizer.decode(plain, skip_special_tokens=True)))
    drawn, generator = [], random.Random(7)
    special = {t["id"] for t in content["added_tokens"]}
    ordinary = [i for n, i in content["model"]["vocab"].items() if i not in special and not n.startswith("<0x")]
    for length in [1, 2, 3, 5, 8] * 8:
        ids = generator.choices(ordinary, k=length)
        drawn.append(dict(ids=ids, decoded=tokenizer.decode(ids, skip_special_tokens=True)))
    write_json(folder / "expected.json", dict(texts=texts, ids=drawn))
    print(f"{name}: {len(content['model']['vocab'])} tokens, {sum(f.stat().st_size for f in folder.iterdir())} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--only", nargs="*", help="names of tokenizers, all by default")
    args = parser.parse_args()
    for name, structure in STRUCTURES.items():
        if not args.only or name in args.only:
            make(name, structure, args.out / name)


if __name__ == "__main__":
    main()
