"""Runs untrusted programs one after the other, each in a forked child of an interpreter that is already warm.

Starting Python and importing torch takes seconds; forking a process that has done both takes milliseconds.

    Java ---- request ---> runner ---- fork ----> program (limits, own session, pipes)
         <--- answer -----        <--- pipes ----

Both directions carry frames: four bytes of length (big-endian), then JSON in UTF-8. The first frame is the
configuration, answered by {"ready": ...}; every further one a request, answered when its program is gone:

    configuration  root: folder for files; namespace: alone in a PID namespace?; preload: modules to import
    request        program; wall, cpu: seconds; memory, file, output: bytes; processes: a count
    answer         end: exited | signalled | timeout | memory | output | failed; number: exit code or signal;
                   stdout, stderr, wall; cpu: seconds, memory: bytes beyond the interpreter's, as the program
                   says itself, both below 0 when not known; retire: this interpreter is no longer as clean as a new one

The end of the input is the order to stop. The runner trusts Java and nothing else: the child has neither the
frames' descriptors nor a way to read or trace the runner, and all it left behind is killed and swept away
before the answer goes out.

Third part of a script whose first two are processes.py and program_child.py; Java sends all three, in this order, so
that nothing of it has to lie in a file that the sandbox could see.
"""
import gc
import json
import math
import mmap
import os
import select
import shutil
import signal
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
# The first process of a sandbox: bubblewrap's, Docker's, Podman's.
INITS = ("bwrap", "docker-init", "tini", "catatonit")
# Seconds between two looks at the memory of all processes together.
LOOK = 0.1
CHUNK = 1 << 16


class Gone(Exception):
    """Java has closed its end."""


# ---------------------------------------------------------------- frames


def read_frame(descriptor):
    size = int.from_bytes(read_exactly(descriptor, 4), "big")
    return json.loads(read_exactly(descriptor, size))


def read_exactly(descriptor, count):
    data = bytearray()
    while len(data) < count:
        chunk = os.read(descriptor, count - len(data))
        if not chunk:
            raise Gone
        data += chunk
    return bytes(data)


def write_frame(descriptor, value):
    body = json.dumps(value).encode()
    data = memoryview(len(body).to_bytes(4, "big") + body)
    while data:
        data = data[os.write(descriptor, data) :]


# ---------------------------------------------------------------- the runner


def main():
    # 0 and 1 become harmless at once: no library's chatter may get between the frames.
    requests, answers, null = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    config = read_frame(requests)
    try:
        protect(config["namespace"])
        preload(config)
        at_start = condition()
        write_frame(answers, {"ready": True})
        while True:
            answer = run(read_frame(requests), config, requests)
            answer["retire"] |= touched(at_start, condition())
            write_frame(answers, answer)
    except (Gone, BrokenPipeError):
        kill_others(config["namespace"])
        if not config["namespace"]:
            shutil.rmtree(config["root"], ignore_errors=True)  # Java may have been killed


def protect(namespace):
    """Closes the runner to its children, and makes sure of whom it may kill."""
    if namespace:
        # kill(-1) is meant for the sandbox's processes: outside of one it would take the user's whole session.
        with open("/proc/1/comm") as name:
            if os.getppid() != 1 or name.read().strip() not in INITS:
                sys.exit("this interpreter is not alone in a PID namespace of bubblewrap or a container")
    if sys.platform == "linux":
        # No reading of our memory or descriptors through /proc, no ptrace, though we have the same user id.
        prctl(PR_SET_DUMPABLE, 0)
        if not namespace:
            # Orphaned grandchildren become our children, so that a daemon can be found and killed.
            prctl(PR_SET_CHILD_SUBREAPER, 1)


def preload(config):
    for name in config["preload"]:
        try:
            __import__(name)
        except Exception:
            pass  # a program that needs it says so itself
    if not sweep(config["root"], config["namespace"]):  # libraries that keep caches
        sys.exit("the temporary folder could not be emptied")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    # What is alive now lives for ever: children that collect garbage then leave these pages shared.
    gc.collect()
    gc.freeze()
    if config["preload"] and sys.platform == "linux":
        use_huge_pages()


def run(request, config, requests):
    """Runs one program to its end and returns the answer."""
    namespace, root = config["namespace"], config["root"]
    folder, home = os.path.join(root, "program"), os.path.join(root, "home")
    source = request["program"].encode()
    prepare(root, folder, home, source)
    output, output_end = os.pipe()
    error, error_end = os.pipe()
    begun, begun_end = os.pipe()
    captures = {output: Capture(output, request["output"]), error: Capture(error, request["output"])}
    extra = extra_processes(namespace)
    seed()
    memory = mmap.mmap(-1, 8)  # shared with this child alone
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        become_program(source, folder, home, output_end, error_end, begun_end, request, extra, memory)
    for descriptor in (output_end, error_end, begun_end):
        os.close(descriptor)
    end, number, cpu = watch(child, captures, request, started, requests, namespace)
    wall = time.monotonic() - started
    clean = kill_others(namespace) and sweep(root, namespace)
    for capture in captures.values():
        capture.finish()
    if any(capture.over() for capture in captures.values()):
        end = "output"
    return dict(
        end=end if got_byte(begun) else "failed",
        number=number,
        stdout=captures[output].text(),
        stderr=captures[error].text(),
        wall=wall,
        cpu=cpu,
        memory=int.from_bytes(memory, "little") - 1,
        retire=not clean,
    )


def seed():
    """Unseeded generators differ from program to program; random takes care of that itself.

    Done before the fork: in the child it would copy the pages that it writes to.
    """
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.seed()


def got_byte(descriptor):
    """Whether the pipe holds something; closes it. Its writers are dead."""
    os.set_blocking(descriptor, False)
    try:
        return bool(os.read(descriptor, 1))
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)


def prepare(root, folder, home, source):
    for path in (folder, home):
        os.mkdir(path)
    path = os.path.join(folder, "program.py")
    with open(path, "wb") as file:
        file.write(source)
    if os.getuid() == 0:  # never in bubblewrap; a plain process then runs its program as nobody
        for each in (root, folder, home, path):
            os.chown(each, NOBODY, NOBODY)


class Capture:
    """What one pipe delivers: its start and its end where it is too much."""

    def __init__(self, descriptor, limit):
        self.descriptor, self.limit, self.data = descriptor, limit, bytearray()
        os.set_blocking(descriptor, False)

    def read(self):
        """Reads what is there; False at the end of the pipe."""
        try:
            chunk = os.read(self.descriptor, CHUNK)
        except BlockingIOError:
            return True
        self.data += chunk
        return bool(chunk)

    def over(self):
        return len(self.data) > self.limit

    def finish(self):
        """Takes what is left in the pipe, whose writers are dead, and closes it."""
        size = -1
        while size != len(self.data) and not self.over():
            size = len(self.data)
            self.read()
        os.close(self.descriptor)

    def text(self):
        if not self.over():
            return self.data.decode(errors="replace")
        half = self.limit // 2
        start, end = self.data[:half], self.data[len(self.data) - half :]
        return "%s\n[... cut ...]\n%s" % (start.decode(errors="replace"), end.decode(errors="replace"))


def watch(child, captures, request, started, requests, namespace):
    """Waits until the program ends or breaks a limit; returns how, the exit code or signal, and its processor seconds."""
    poll = select.poll()
    for descriptor in (requests, *captures):
        poll.register(descriptor, select.POLLIN)
    ending = end_descriptor(child)
    if ending is not None:
        poll.register(ending, select.POLLIN)
    deadline, look = started + request["wall"], started + LOOK
    try:
        while True:
            now = time.monotonic()
            if now >= deadline:
                return "timeout", 0, -1
            if now >= look:
                if too_much_memory(request["memory"], namespace):
                    return "memory", 0, -1
                look = time.monotonic() + LOOK
            pause = min(deadline, look) - now if ending is not None else 0.005
            for descriptor, _ in poll.poll(math.ceil(1000 * pause)):
                if descriptor == requests:
                    raise Gone
                if descriptor in captures and not captures[descriptor].read():
                    poll.unregister(descriptor)
            end = ended(child, request["cpu"])
            if any(capture.over() for capture in captures.values()):
                return "output", 0, -1
            if end:
                return end
    finally:
        if ending is not None:
            os.close(ending)


def end_descriptor(child):
    """A descriptor that becomes readable when the child ends, or None where the system has none."""
    try:
        return os.pidfd_open(child)
    except (AttributeError, OSError):
        return None


def ended(child, cpu):
    pid, status, usage = os.wait4(child, os.WNOHANG)
    if pid == 0:
        return None
    spent = usage.ru_utime + usage.ru_stime
    if os.WIFEXITED(status):
        return "exited", os.WEXITSTATUS(status), spent
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU or (number == signal.SIGKILL and spent >= cpu):
        return "timeout", 0, -1
    return "signalled", number, spent


main()
