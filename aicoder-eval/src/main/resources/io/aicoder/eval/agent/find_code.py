"""Finds the lines of an answer that are Python: prints "start end" (half-open, from 0), or nothing.

ANSWER (the text) and NAME (the function that must be among the lines) are defined above this file's text.
The lines kept are the longest stretch, from the earliest start, that Python itself parses and that defines
NAME. A stretch begins and ends at unindented lines only, so broken code is never cut down to a part of it.
"""
import ast
import warnings


def defines(lines):
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == NAME for node in tree.body)


def stretch(lines):
    if defines(lines):
        return 0, len(lines)
    edges = [i for i, line in enumerate(lines) if line.strip() and not line[0].isspace()]
    heads = [i for i in edges if lines[i].startswith("def %s(" % NAME)]
    starts = [i for i in edges if heads and i <= heads[0]]
    ends = [len(lines)] + [i for i in reversed(edges) if heads and i > heads[0]]
    for start in starts:
        for end in ends:
            if defines(lines[start:end]):
                return start, end
    return None


warnings.simplefilter("ignore")
found = stretch(ANSWER.split("\n"))
if found:
    print(*found)
