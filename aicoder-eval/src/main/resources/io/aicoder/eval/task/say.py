_SEAL = ""


def _say(line):
    import sys

    # The program may have left a line open, or have put another stream in place of stdout.
    print("\n" + _SEAL + line, file=sys.__stdout__, flush=True)
