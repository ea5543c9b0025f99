"""Records how the reference stack turns logits into sampling probabilities: sampling.json.

usage: python record_sampling.py --out sampling.json

The processors are those of transformers in the order of its generate(): SequenceBias (of single tokens: a logit bias),
RepetitionPenalty, NoRepeatNGram, MinNewTokensLength, Temperature, TopK, TopP, MinP, Typical, then a softmax in float32. A setting
that is absent adds no processor. Presence and frequency penalty, which transformers does not have, are computed as OpenAI defines
them, behind the repetition penalty: logit - count * frequency_penalty - (count > 0) * presence_penalty, over generated tokens.

sampling.json: vectors (name -> logits, prompt_ids and generated_ids: the tokens so far, some of them twice) and cases (name, vector,
settings by their names in generate(), kept: the ids that can be drawn, ascending, probabilities: one for each logit).
The vector `ties` has equal logits at the boundary of its top_k: transformers keeps all that are equal to the k-th.
No cumulative probability lies within 1e-4 of a boundary, so the kept ids do not depend on rounding.
"""
import argparse, json

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.generation import (GenerationConfig, LogitsProcessor, LogitsProcessorList, MinNewTokensLengthLogitsProcessor,
                                     MinPLogitsWarper, NoRepeatNGramLogitsProcessor, RepetitionPenaltyLogitsProcessor,
                                     SequenceBiasLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper,
                                     TypicalLogitsWarper)

SIZE = 64
END_IDS = [3, 60]
CASES = [
    # name, vector, settings
    ("plain", "random", dict()),
    ("cool", "random", dict(temperature=0.7)),
    ("hot", "random", dict(temperature=1.8)),
    ("nearly greedy", "random", dict(temperature=0.01)),
    ("top_k 1", "random", dict(top_k=1)),
    ("top_k 7", "random", dict(top_k=7)),
    ("top_k above the vocabulary", "random", dict(top_k=1000)),
    ("top_k cuts through ties", "ties", dict(top_k=4)),
    ("top_p 0.9", "random", dict(top_p=0.9)),
    ("top_p 0.5", "random", dict(top_p=0.5)),
    ("top_p keeps one at least", "random", dict(top_p=1e-6)),
    ("min_p 0.05", "random", dict(min_p=0.05)),
    ("min_p 0.5", "flat", dict(min_p=0.5)),
    ("min_p 1 keeps the best", "random", dict(min_p=1.0)),
    ("typical_p 0.9", "random", dict(typical_p=0.9)),
    ("typical_p 0.3", "flat", dict(typical_p=0.3)),
    ("typical_p leaves the best out", "skewed", dict(typical_p=0.2)),
    ("penalty", "random", dict(repetition_penalty=1.3)),
    ("penalty below one rewards", "random", dict(repetition_penalty=0.8)),
    ("presence", "flat", dict(presence_penalty=1.1)),
    ("frequency", "flat", dict(frequency_penalty=0.7)),
    ("frequency below zero rewards", "flat", dict(frequency_penalty=-1.4)),
    ("presence and frequency behind the penalty", "random", dict(repetition_penalty=1.2, presence_penalty=0.6, frequency_penalty=0.5)),
    ("logit bias", "random", dict(logit_bias={5: 4.5, 17: -100.0, 40: 2.25})),
    ("logit bias before the penalty", "random", dict(logit_bias={5: 6.0, 17: -3.0}, repetition_penalty=1.5)),
    ("no repeated token", "random", dict(no_repeat_ngram_size=1)),
    ("no repeated pair", "random", dict(no_repeat_ngram_size=2)),
    ("no repeated triple", "random", dict(no_repeat_ngram_size=3)),
    ("no repeated sequence of 11: there are 10", "random", dict(no_repeat_ngram_size=11)),
    ("five tokens are fewer than six", "ties", dict(min_new_tokens=6)),
    ("five tokens are enough", "ties", dict(min_new_tokens=5)),
    ("temperature before top_p", "random", dict(temperature=1.6, top_p=0.8)),
    ("temperature before min_p", "random", dict(temperature=2.5, min_p=0.2)),
    ("top_k before top_p", "random", dict(top_k=10, top_p=0.8)),
    ("top_k before typical_p", "random", dict(top_k=12, typical_p=0.7)),
    ("top_p before min_p", "flat", dict(top_p=0.8, min_p=0.6)),
    ("min_p before typical_p", "flat", dict(min_p=0.6, typical_p=0.5)),
    ("common", "random", dict(temperature=0.6, top_k=50, top_p=0.95)),
    ("everything", "random", dict(logit_bias={5: 3.0, 30: 2.0}, repetition_penalty=1.15, presence_penalty=0.4, frequency_penalty=0.3,
                                  no_repeat_ngram_size=2, min_new_tokens=9, temperature=1.4, top_k=30, top_p=0.95, min_p=0.01, typical_p=0.9)),
    ("everything, flat", "flat", dict(logit_bias={5: 1.0}, repetition_penalty=1.2, presence_penalty=-0.5, frequency_penalty=0.2,
                                      no_repeat_ngram_size=3, min_new_tokens=9, temperature=1.3, top_k=40, top_p=0.7, min_p=0.3, typical_p=0.8)),
]


class CountPenalty(LogitsProcessor):
    """OpenAI's presence and frequency penalty."""

    def __init__(self, generated, presence, frequency):
        self.counts = torch.bincount(torch.tensor(generated), minlength=SIZE)[None].float()
        self.presence, self.frequency = presence, frequency

    def __call__(self, input_ids, scores):
        return scores - self.counts * self.frequency - (self.counts > 0) * self.presence


def vectors():
    """The logits: spread as a model's are, with ties, nearly uniform, and with one that leads."""
    generator = torch.Generator().manual_seed(7)
    random = 3.0 * torch.randn(SIZE, generator=generator)
    flat = 0.3 * torch.randn(SIZE, generator=generator)
    ties = torch.full((SIZE,), -4.0)
    ties[[3, 60]] = 2.0
    ties[[9, 17, 41]] = 1.5
    ties[[0, 63]] = -1.0
    skewed = flat.clone()
    skewed[11] = 3.0
    out = {}
    for name, logits in dict(random=random, ties=ties, flat=flat, skewed=skewed).items():
        # The penalty divides positive logits and multiplies negative ones; the ids have both, and the best one.
        order = logits.argsort(descending=True).tolist()
        out[name] = dict(logits=[float(f"{v:.6g}") for v in logits.tolist()],
                         prompt_ids=[order[0], 5, order[-1], order[2], 5],
                         generated_ids=[order[9], order[40], order[0], 5, order[9]])
    return out


def processors(prompt, generated, settings):
    """generate()'s list for these settings, with the count penalties behind the repetition penalty."""
    out = LogitsProcessorList()
    if "logit_bias" in settings:
        out.append(SequenceBiasLogitsProcessor({(i,): b for i, b in settings["logit_bias"].items()}))
    if "repetition_penalty" in settings:
        out.append(RepetitionPenaltyLogitsProcessor(settings["repetition_penalty"]))
    if "presence_penalty" in settings or "frequency_penalty" in settings:
        out.append(CountPenalty(generated, settings.get("presence_penalty", 0.0), settings.get("frequency_penalty", 0.0)))
    if "no_repeat_ngram_size" in settings:
        out.append(NoRepeatNGramLogitsProcessor(settings["no_repeat_ngram_size"]))
    if "min_new_tokens" in settings:
        out.append(MinNewTokensLengthLogitsProcessor(len(prompt), settings["min_new_tokens"], END_IDS))
    for name, kind in dict(temperature=TemperatureLogitsWarper, top_k=TopKLogitsWarper, top_p=TopPLogitsWarper, min_p=MinPLogitsWarper,
                           typical_p=TypicalLogitsWarper).items():
        if name in settings:
            out.append(kind(settings[name]))
    return out


def check_order():
    """Compares the order with the one that generate() of the installed version uses."""
    model = LlamaForCausalLM(LlamaConfig(hidden_size=8, intermediate_size=8, num_attention_heads=1, num_hidden_layers=1, vocab_size=SIZE))
    settings = dict(CASES[-1][2])
    for name in ("presence_penalty", "frequency_penalty"):
        del settings[name]
    ours = processors([1], [2], settings)
    bias = {(i,): b for i, b in settings.pop("logit_bias").items()}
    config = GenerationConfig(do_sample=True, sequence_bias=bias, eos_token_id=END_IDS, **settings)
    config._eos_token_tensor = torch.tensor(END_IDS)
    theirs = model._get_logits_processor(generation_config=config, input_ids_seq_length=1, device="cpu")
    if [type(p) for p in theirs] != [type(p) for p in ours]:
        raise SystemExit(f"generate() has another order: {theirs}")


def check_boundaries(name, tokens, logits, prompt, generated, settings):
    """Makes sure that no cumulative probability lies where rounding decides."""
    without = {key: value for key, value in settings.items() if key not in ("top_p", "min_p", "typical_p")}
    if settings.get("top_p", 1.0) < 1.0:
        before = processors(prompt, generated, without)(tokens, logits.clone()).softmax(-1)[0]
        near = float((before.sort(descending=True).values.cumsum(0) - settings["top_p"]).abs().min())
        if near < 1e-4:
            raise SystemExit(f"{name}: a cumulative probability is within {near} of top_p")
    if "typical_p" in settings:
        without = {key: value for key, value in settings.items() if key != "typical_p"}
        scores = processors(prompt, generated, without)(tokens, logits.clone())[0]
        kept = scores[scores > float("-inf")]
        logs = kept.log_softmax(-1)
        distance = (-logs + (logs * logs.exp()).sum()).abs()
        near = float((logs.exp()[distance.argsort()].cumsum(0) - settings["typical_p"]).abs().min())
        if near < 1e-4:
            raise SystemExit(f"{name}: a cumulative probability is within {near} of typical_p")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    check_order()
    given, cases = vectors(), []
    for name, vector, settings in CASES:
        prompt, generated = given[vector]["prompt_ids"], given[vector]["generated_ids"]
        logits, tokens = torch.tensor([given[vector]["logits"]]), torch.tensor([prompt + generated])
        check_boundaries(name, tokens, logits, prompt, generated, settings)
        scores = processors(prompt, generated, settings)(tokens, logits.clone())[0]
        cases.append(dict(name=name, vector=vector, settings=settings, kept=[i for i, s in enumerate(scores.tolist()) if s > float("-inf")],
                          probabilities=[float(f"{v:.6g}") for v in scores.softmax(-1).tolist()]))
        print(f"{name}: {len(cases[-1]['kept'])} kept, best {max(cases[-1]['probabilities'])}")
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump(dict(transformers=transformers.__version__, end_ids=END_IDS, vectors=given, cases=cases), file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
