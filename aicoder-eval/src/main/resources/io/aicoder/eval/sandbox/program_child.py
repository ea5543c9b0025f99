"""The child's side: turns a fork of the warm interpreter into what `python3 program.py` would be.

Second part of the script that warm_interpreter.py describes; prctl and NOBODY come from processes.py.
"""
import atexit
import builtins
import math
import os
import resource
import signal
import sys
import threading
import traceback
import types
import warnings
from importlib.machinery import SourceFileLoader

PR_SET_DUMPABLE = 4
# Linux, on all processors but MIPS and such; the module does not have it in every version.
RLIMIT_MSGQUEUE = 12
# What lies below a program on the interpreter's stack; exec counts too, before Python 3.12.
OWN_DEPTH = 8 if sys.version_info < (3, 12) else 6


def become_program(source, folder, home, output, error, begun, request, extra, memory):
    """Runs the program under its limits. Never returns; what it writes to `begun` says that the limits hold.

    `memory` gets how much more address space than now it had at most, and one on top of that.
    """
    code = 1
    try:
        os.setsid()
        for number, descriptor in ((1, output), (2, error), (3, begun)):
            os.dup2(descriptor, number)
        os.closerange(4, 65536)
        enter(folder, home)
        present = restrict(request, extra)
        module = fresh_main(folder)
        os.write(3, b".")
        os.close(3)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)
    try:
        code = execute(source, module)
        finish(module)
        memory[:] = max(0, 1 + most_memory() - present).to_bytes(8, "little")
    finally:
        os._exit(code)


def enter(folder, home):
    os.environ["HOME"] = home
    if os.getuid() == 0:  # never in bubblewrap
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    os.chdir(folder)


def restrict(request, extra):
    """Sets the limits; returns how much address space the interpreter has already."""
    present = 0
    if sys.platform == "linux":
        prctl(PR_SET_DUMPABLE, 1)
        # Should the machine run out of memory, this process goes first.
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as file:
            file.write(b"1000")
        with open("/proc/self/statm", "rb", buffering=0) as file:
            present = resource.getpagesize() * int(file.read().split()[0])
        limit(resource.RLIMIT_AS, present + request["memory"])
        limit(resource.RLIMIT_NPROC, request["processes"] + extra)
    seconds = math.ceil(request["cpu"])
    limit(resource.RLIMIT_CPU, seconds, seconds + 1)
    limit(resource.RLIMIT_FSIZE, request["file"])
    limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        limit(RLIMIT_MSGQUEUE, 0)  # message queues outlive programs, and cannot be listed
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    return present


def most_memory():
    """The most address space that this process had; -1 where the system does not say."""
    if sys.platform == "linux":
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith("VmPeak:"):
                    return 1024 * int(line.split()[1])
    return -1


def limit(kind, soft, hard=None):
    ceiling = resource.getrlimit(kind)[1]
    ceiling = sys.maxsize if ceiling == resource.RLIM_INFINITY else ceiling
    resource.setrlimit(kind, (min(soft, ceiling), min(soft if hard is None else hard, ceiling)))


def fresh_main(folder):
    """An empty __main__ and the interpreter's settings as a script finds them."""
    path = os.path.join(folder, "program.py")
    module = types.ModuleType("__main__")
    module.__dict__.update(
        __file__=path,
        __builtins__=builtins,
        __annotations__={},
        __cached__=None,
        __loader__=SourceFileLoader("__main__", path),
    )
    sys.modules["__main__"] = module
    sys.argv[:] = ["program.py"]
    sys.path[0] = folder
    # A RecursionError comes, and looks, as in a script that has no runner's frames above it.
    sys.setrecursionlimit(sys.getrecursionlimit() + OWN_DEPTH)
    warnings.simplefilter("ignore")
    return module


def execute(source, module):
    """Runs the program and returns its exit code; an uncaught exception is shown without our own frames."""
    try:
        exec(compile(source, "program.py", "exec", dont_inherit=True), module.__dict__)
        return 0
    except SystemExit as end:
        return exit_code(end.code)
    except BaseException as error:
        trace = error.__traceback__.tb_next
        error.__traceback__ = trace
        try:
            sys.excepthook(type(error), error, trace)
        except MemoryError:
            os.write(2, b"MemoryError\n")
        return 1


def exit_code(value):
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    print(value, file=sys.stderr)
    return 1


def finish(module):
    """What Python does at its end: wait for threads, call atexit, take the globals apart, flush."""
    threading._shutdown()
    atexit._run_exitfuncs()
    names = list(module.__dict__)
    for name in sorted(names, key=lambda name: not name.startswith("_")):
        if name != "__builtins__":
            module.__dict__[name] = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # closed or replaced by the program
