"""Makes answers to HumanEval's tasks of which it is known how they were made: the references, and mutants of them.

A mutant is either the reference with one node of its syntax tree changed, or a program that goes wrong (or pretends to be
right) in one of the ways below. All choices derive from a seed, so that the same file comes out each time.
"""
import ast
import copy
import random

COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
               ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.FloorDiv, ast.FloorDiv: ast.Div,
             ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitXor: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr}

# What is put before the reference's body (BEFORE), in its place (INSTEAD) or at the end of the file (AFTER).
BEFORE = {
    "raise": "raise ValueError('mutant')",
    "recursion": "return (lambda again: again(again))(lambda again: again(again))",
    "memory": "everything = [0] * 10 ** 12",
    "sys_exit": "import sys\nsys.exit(0)",
    "sys_exit_1": "import sys\nsys.exit('leaving')",
    "os_exit": "import os\nos._exit(0)",
    "says_passed": "print('all tests passed')\nimport sys\nsys.exit(0)",
    "prints": "print('Test case [1/1] failed: not at all')",
    "reads_input": "input()",
    "kills_itself": "import ctypes\nctypes.string_at(0)",
}
INSTEAD = {
    "nothing": "pass",
    "wrong_type": "return 'mutant'",
    "object": "return object()",
    "generator": "yield None",
    "no_name": "return undefined_name",
    "no_module": "import no_such_module\nreturn no_such_module.solve()",
    "always_equal": "class Anything:\n    def __eq__(self, other):\n        return True\n    def __abs__(self):\n        return 0\n"
                    "    def __sub__(self, other):\n        return self\nreturn Anything()",
    "syntax_error": "return (",
    "indentation": "x = 1\n  return x",
}
AFTER = {
    "main_guard": "if __name__ == '__main__':\n    raise SystemExit('run as a script')",
    "no_stdout": "import sys\nsys.stdout = None",
    "leaves": "import os\nos._exit(0)",
    "flood": "for _ in range(20000):\n    print('x' * 100)",
    "thread": "import threading\nthreading.Thread(target=len, args=('',)).start()",
    "redefined": "def {entry}(*values):\n    return None",
    "forged": "import os\nprint('Testing started.', 'Test case [1/1] succeeded', 'Testing finished.', sep='\\n', flush=True)\n"
              "os._exit(0)",
}
# These wait for the time limit, so that few tasks get one.
SLOW = {
    "endless": "while True:\n    pass",
    "sleeps": "import time\ntime.sleep(1000)",
    "catches_all": "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
}


def changes(tree, name):
    """Yields kinds of changes to a function's body, each with what applies one to a copy of the tree."""
    function = entry(tree, name)
    for index, node in enumerate(ast.walk(function)):
        if isinstance(node, ast.Constant) and node is not docstring(function):
            if isinstance(node.value, (bool, int, float, str)):
                yield "constant", index
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
            yield "comparison", index
        elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in OPERATORS:
            yield "operator", index
        elif isinstance(node, ast.BoolOp):
            yield "and_or", index
        elif isinstance(node, ast.Return) and node.value is not None:
            yield "no_return", index
            yield "returns_none", index
        elif isinstance(node, (ast.If, ast.While, ast.IfExp)):
            yield "condition", index
        elif isinstance(node, (ast.Assign, ast.AugAssign)):
            yield "no_statement", index


def change(tree, name, kind, index):
    tree = copy.deepcopy(tree)
    node = list(ast.walk(entry(tree, name)))[index]
    if kind == "constant":
        value = node.value
        node.value = not value if isinstance(value, bool) else value + "x" if isinstance(value, str) else value + 1
    elif kind == "comparison":
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
    elif kind == "operator":
        node.op = OPERATORS[type(node.op)]()
    elif kind == "and_or":
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    elif kind == "returns_none":
        node.value = ast.Constant(None)
    elif kind == "condition":
        node.test = ast.UnaryOp(ast.Not(), node.test)
    else:
        replace(tree, node, ast.Pass())
    return ast.fix_missing_locations(tree)


def replace(tree, old, new):
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and old in value:
                value[value.index(old)] = new


def entry(tree, name):
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name][-1]


def docstring(function):
    first = function.body[0]
    return first.value if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else None


def body(tree, name):
    """The text behind the prompt: the function's body without docstring, and what follows the function."""
    function = entry(tree, name)
    statements = function.body[1:] if docstring(function) else function.body
    text = indent("\n".join(map(ast.unparse, statements)) or "pass")
    rest = tree.body[tree.body.index(function) + 1 :]
    return "\n\n".join([text] + list(map(ast.unparse, rest))) + "\n"


def indent(text):
    return "".join("    " + line for line in text.splitlines(True))


def special(task, kind):
    reference = task["canonical_solution"].rstrip("\n") + "\n"
    if kind in AFTER:
        return reference + "\n\n" + AFTER[kind].format(entry=task["entry_point"]) + "\n"
    if kind in INSTEAD:
        return indent(INSTEAD[kind]) + "\n"
    return indent(BEFORE.get(kind) or SLOW[kind]) + "\n" + reference


def answers(tasks, per_task, slow, seed):
    """Yields task id, kind and completion: of each task the reference and then as many mutants as are asked for.

    Half of the mutants are changes of the tree (as far as there are so many), the others the special kinds in turn.
    `slow` tasks get one of SLOW instead of one of those.
    """
    draw = random.Random(seed)
    kinds = sorted(BEFORE | INSTEAD | AFTER)
    draw.shuffle(kinds)
    slow_tasks = {task["task_id"]: kind for task, kind in zip(draw.sample(tasks, slow), sorted(SLOW) * slow)}
    turn = 0
    for task in tasks:
        identifier, name = task["task_id"], task["entry_point"]
        yield identifier, "reference", task["canonical_solution"]
        tree = ast.parse(task["prompt"] + task["canonical_solution"])
        possible = list(changes(tree, name))
        chosen = draw.sample(possible, min(len(possible), (per_task + 1) // 2))
        for kind, index in chosen:
            yield identifier, kind, body(change(tree, name, kind, index), name)
        for number in range(per_task - len(chosen)):
            if number == 0 and identifier in slow_tasks:
                kind = slow_tasks[identifier]
            else:
                kind, turn = kinds[turn % len(kinds)], turn + 1
            yield identifier, kind, special(task, kind)
