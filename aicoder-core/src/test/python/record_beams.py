"""Records beam search of the Python reference stack on the nano model: nano/beams.json.

usage: python record_beams.py --model BASE_DIR --out BEAMS.json

BASE_DIR is examples/nano/base. Everything is float32. A case has the prompt's ids, the settings by their names in generate(), and
the beams, best first: their new ids, up to the end token, and their scores. A case in which two scores of beams are closer than
1e-4 is refused: which of them comes first would depend on rounding.
"""
import argparse, json

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = [
    "import math\n\ndef circle_area(r):\n",
    "import torch\n\ndef build_model(",
    "def mean(values):\n    return",
]
CASES = [
    dict(num_beams=2),
    dict(num_beams=4),
    dict(num_beams=4, early_stopping=True),
    dict(num_beams=4, early_stopping="never"),
    dict(num_beams=3, length_penalty=0.0),
    dict(num_beams=3, length_penalty=2.0, early_stopping="never"),
    dict(num_beams=3, length_penalty=-1.0),
    dict(num_beams=4, repetition_penalty=1.2),
    dict(num_beams=4, no_repeat_ngram_size=3, min_new_tokens=20),
    dict(num_beams=6, early_stopping=True, max_new_tokens=5),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
    ends = model.generation_config.eos_token_id
    cases = []
    for prompt in PROMPTS:
        ids = torch.tensor([tokenizer(prompt)["input_ids"]])
        for settings in CASES:
            settings = dict(max_new_tokens=40) | settings
            with torch.no_grad():
                made = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, output_scores=True,
                                      return_dict_in_generate=True, num_return_sequences=settings["num_beams"], **settings)
            scores = made.sequences_scores.tolist()
            if min(a - b for a, b in zip(scores, scores[1:])) < 1e-4:
                print(f"left out, too close: {settings} {scores}")
                continue
            beams = []
            for row, score in zip(made.sequences[:, ids.shape[1]:].tolist(), scores):
                end = next((i + 1 for i, token in enumerate(row) if token in ends), len(row))
                beams.append(dict(ids=row[:end], score=float(f"{score:.7g}")))
            cases.append(dict(prompt_ids=ids[0].tolist(), settings=settings, beams=beams))
            print(f"{settings}: lengths {[len(b['ids']) for b in beams]}, best {beams[0]['score']}")
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump(dict(transformers=transformers.__version__, cases=cases), file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
