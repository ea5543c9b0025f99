"""Writes the fixture of HarnessAgreementTest: tasks of our own, mutants of their references, and what others say of them.

    python record_verdicts.py --human-eval CLONE --evalplus CLONE --out ../resources/verdicts

with clones of openai/human-eval and evalplus/evalplus, and a Python that has numpy and psutil. Written are tasks.jsonl (in
HumanEval's format), tasks_plus.jsonl (in HumanEval+'s), answers.jsonl, human_eval.jsonl and evalplus.jsonl.
"""
import argparse
import multiprocessing
import pathlib
import sys

import compare_verdicts
import mutants

# Name, parameters, documentation, body, base inputs, plus inputs, tolerance.
TASKS = [
    ("runs", "text: str) -> list", "Return the lengths of the runs of equal characters.\n    >>> runs('aab')\n    [2, 1]",
     "    lengths = []\n    last = None\n    for character in text:\n        if character == last:\n            lengths[-1] += 1\n"
     "        else:\n            lengths.append(1)\n        last = character\n    return lengths\n",
     [["aab"], [""]], [["abcabc"], ["zzzz"], ["a" * 50 + "b"]], 0),
    ("digit_sum", "number: int) -> int", "Return the sum of the decimal digits of a number; the sign does not count.",
     "    total = 0\n    number = abs(number)\n    while number > 0:\n        total += number % 10\n        number //= 10\n"
     "    return total\n",
     [[123], [0], [9]], [[-45], [10 ** 30], [99999]], 0),
    ("mean_above", "values: list, least: float) -> float", "Return the mean of the values that are at least `least`, or 0.0.",
     "    kept = [value for value in values if value >= least]\n    return sum(kept) / len(kept) if kept else 0.0\n",
     [[[1.0, 2.0, 3.0], 2.0], [[], 1.0]], [[[0.1, 0.2, 0.3], 0.15], [[5.0], 5.0], [[-1.0, -2.0], 0.0]], 1e-6),
    ("nested", "brackets: str) -> bool", "Say whether round and square brackets are closed in their order.",
     "    pairs = {')': '(', ']': '['}\n    stack = []\n    for bracket in brackets:\n        if bracket in pairs:\n"
     "            if not stack or stack.pop() != pairs[bracket]:\n                return False\n        else:\n"
     "            stack.append(bracket)\n    return not stack\n",
     [["([])"], ["(]"], ["(("]], [[""], [")"], ["()[]()"], ["([)]"]], 0),
    ("merge", "left: list, right: list) -> list", "Merge two ordered lists into one; neither is changed.",
     "    merged, i, j = [], 0, 0\n    while i < len(left) and j < len(right):\n        if left[i] <= right[j]:\n"
     "            merged.append(left[i])\n            i += 1\n        else:\n            merged.append(right[j])\n"
     "            j += 1\n    return merged + left[i:] + right[j:]\n",
     [[[1, 3], [2]], [[], []]], [[[1, 1], [1]], [[5], [1, 2, 3]], [[-1, 0], []]], 0),
]


def task(number, name, parameters, documentation, reference, base, plus, tolerance):
    prompt = 'def %s(%s:\n    """%s\n    """\n' % (name, parameters, documentation)
    space = {}
    exec(prompt + reference, space)
    cases = [(given, space[name](*given)) for given in base]
    near = "abs(candidate(*%r) - %r) < 1e-6" if tolerance else "candidate(*%r) == %r"
    test = "def check(candidate):\n" + "".join("    assert %s\n" % (near % case) for case in cases)
    plain = {"task_id": "Verdict/%d" % number, "prompt": prompt, "entry_point": name, "canonical_solution": reference, "test": test}
    return plain, {**plain, "base_input": base, "plus_input": plus, "atol": tolerance, "contract": ""}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--human-eval", required=True)
    parser.add_argument("--evalplus", required=True)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    sys.path[:0] = [arguments.human_eval, arguments.evalplus]
    multiprocessing.set_start_method("fork", force=True)
    plain, plus = zip(*(task(number, *parts) for number, parts in enumerate(TASKS)))
    rows = [{"task_id": i, "completion": text, "kind": kind} for i, kind, text in mutants.answers(list(plain), 12, 3, 0)]
    for name, content in (("tasks", plain), ("tasks_plus", plus), ("answers", rows)):
        compare_verdicts.write(arguments.out / (name + ".jsonl"), content)
    for name, harness, tasks in (("human_eval", compare_verdicts.human_eval, plain), ("evalplus", compare_verdicts.evalplus, plus)):
        results = harness({each["task_id"]: each for each in tasks}, rows, 2)
        compare_verdicts.write(arguments.out / (name + ".jsonl"), compare_verdicts.verdicts(rows, results))


if __name__ == "__main__":
    main()
