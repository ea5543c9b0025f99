"""Writes odd but valid files with the safetensors library, and records what it reads from them.

    python record_safetensors.py --out ../resources/safetensors

expected.json: by file, by tensor: dtype, shape, and the little-endian bytes of its numbers in hexadecimal.
"""

import argparse
import json
import pathlib
import struct

import torch
from safetensors import safe_open
from safetensors.torch import save, save_file


def tensors():
    torch.manual_seed(5)
    return {
        "scalar": torch.tensor(1.5),
        "scalar.half": torch.tensor(-2.0, dtype=torch.float16),
        "empty": torch.zeros([0]),
        "empty.matrix": torch.zeros([3, 0, 7], dtype=torch.bfloat16),
        "one": torch.ones([1, 1, 1, 1], dtype=torch.bfloat16),
        "odd": torch.randn([3], dtype=torch.float32).to(torch.bfloat16),
        "matrix": torch.randn([2, 5]),
        "extremes": torch.tensor([float("inf"), float("-inf"), float("nan"), 0.0, -0.0], dtype=torch.float16),
        "names may be/odd: \u00fc\u4e00\U0001f600\"\\\n\t": torch.randn([2], dtype=torch.float32),
        "": torch.randn([2], dtype=torch.float32).to(torch.float16),
    }


def padded(content, blanks):
    """The same file with a longer header, as alignment makes it."""
    length = struct.unpack("<Q", content[:8])[0]
    return struct.pack("<Q", length + blanks) + content[8 : 8 + length] + b" " * blanks + content[8 + length :]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    all_tensors = tensors()
    metadata = {"format": "pt", "": "", "x" * 300: "y" * 3000, "quote\"\\": "\u00fc\n{}", "shape": "[1]"}
    save_file(all_tensors, out / "all.safetensors")
    save_file(all_tensors, out / "metadata.safetensors", metadata=metadata)
    save_file({}, out / "none.safetensors")
    save_file({}, out / "only_metadata.safetensors", metadata={"format": "pt"})
    save_file({"empty": torch.zeros([0, 4])}, out / "only_empty.safetensors")
    for blanks in [1, 2, 7, 1000]:
        (out / f"padded_{blanks}.safetensors").write_bytes(padded(save(all_tensors), blanks))
    expected = {}
    for file in sorted(out.glob("*.safetensors")):
        with safe_open(file, "pt") as opened:
            expected[file.name] = {}
            for name in opened.keys():
                tensor = opened.get_tensor(name)
                numbers = tensor.reshape(-1).view(torch.uint8) if tensor.numel() else torch.zeros([0], dtype=torch.uint8)
                expected[file.name][name] = {
                    "dtype": opened.get_slice(name).get_dtype(),
                    "shape": list(tensor.shape),
                    "bytes": bytes(numbers.tolist()).hex(),
                }
    (out / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
