"""What else runs beside the runner: finding it, weighing it, killing it, sweeping up after it.

First part of the script that warm_interpreter.py describes.
"""
import ctypes
import errno
import os
import resource
import shutil
import signal
import sys
import time

NOBODY = 65534
HUGE_PAGE = 2 << 20
MADV_COLLAPSE = 25
# Seconds that killed processes get to disappear.
PATIENCE = 5.0
# With more files than this, a new temporary folder (a new worker) is quicker than emptying the old one.
SWEEPABLE_FILES = 1000


# Found once, before the forks: each of them would pay for it again.
LIBC = ctypes.CDLL(None, use_errno=True)
PRCTL = getattr(LIBC, "prctl", None)


def prctl(option, value):
    if PRCTL(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(%d) failed" % option)


def use_huge_pages():
    """Moves this process's own memory into huge pages where Linux can (6.1 and newer); elsewhere nothing changes.

    Most of the time of a fork, and of the end of one, goes into the entries of 4 KiB pages.
    """
    madvise = LIBC.madvise
    madvise.argtypes = [ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
    with open("/proc/self/maps") as file:
        areas = [line.split() for line in file]
    for span, access, _, _, inode, *name in areas:
        if access == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
            start, end = (int(address, 16) for address in span.split("-"))
            for address in range(-(-start // HUGE_PAGE) * HUGE_PAGE, end // HUGE_PAGE * HUGE_PAGE, HUGE_PAGE):
                madvise(address, HUGE_PAGE, MADV_COLLAPSE)


def others(namespace):
    """The process ids of the program and all it started."""
    me = os.getpid()
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except FileNotFoundError:
        return []
    if namespace:
        return [pid for pid in pids if pid not in (1, me)]
    children = {}
    for pid in pids:
        try:
            with open("/proc/%d/stat" % pid, "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(pid)
    found, todo = [], [me]
    while todo:
        offspring = children.get(todo.pop(), [])
        found += offspring
        todo += offspring
    return found


def too_much_memory(limit, namespace):
    """Whether several processes together have more than one may have; the address limit holds for each alone."""
    pids = others(namespace)
    if len(pids) < 2:
        return False
    return sum(map(share_of_memory, pids)) > limit + resident(os.getpid())


def share_of_memory(pid):
    """Bytes in memory, pages shared with others counted in parts."""
    try:
        with open("/proc/%d/smaps_rollup" % pid) as file:
            return 1024 * sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except OSError:
        return resident(pid)


def resident(pid):
    """Bytes in memory; 0 for a process that is gone."""
    try:
        with open("/proc/%d/statm" % pid) as file:
            return resource.getpagesize() * int(file.read().split()[1])
    except OSError:
        return 0


def kill_others(namespace):
    """Kills the program and all it started; False when something is still there after some seconds."""
    deadline = time.monotonic() + PATIENCE
    while kill_once(namespace):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        if time.monotonic() > deadline:
            return False
        time.sleep(0.0005)
    return True


def kill_once(namespace):
    """One round of killing; False when there is nobody to kill."""
    if namespace:
        try:
            os.kill(-1, signal.SIGKILL)
            return True
        except ProcessLookupError:
            return False
    # Stopped processes do not fork: stop all that can be found until there are no new ones, then kill them.
    stopped, found = set(), others(namespace)
    while set(found) - stopped:
        send(signal.SIGSTOP, set(found) - stopped)
        stopped.update(found)
        found = others(namespace)
    send(signal.SIGKILL, found)
    return bool(found)


def send(number, pids):
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError as error:
            if error.errno not in (errno.ESRCH, errno.EPERM):
                raise


def extra_processes(namespace):
    """How many processes count against the limit without being the program's."""
    if namespace:
        # Linux counts a user's processes for each user namespace from 5.14 on, before that for the whole machine.
        version = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
        return 2 if version >= (5, 14) else 4096
    user, count = os.getuid() or NOBODY, 0
    for name in os.listdir("/proc") if os.path.isdir("/proc/self/task") else ():
        try:
            if name.isdigit() and os.stat("/proc/" + name).st_uid == user:
                count += len(os.listdir("/proc/%s/task" % name))
        except OSError:
            pass
    return count


def sweep(root, namespace):
    """Removes the program's files; False when it would be quicker or safer to start anew."""
    if not namespace:
        return True  # Java owns the folder
    try:
        for folder in (root, "/dev/shm"):
            space = os.statvfs(folder)
            if space.f_files - space.f_ffree > SWEEPABLE_FILES:
                return False
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)
        # System V objects outlive processes; removing them is the work of a new IPC namespace.
        for kind in ("shm", "sem", "msg"):
            with open("/proc/sysvipc/" + kind) as file:
                if len(file.readlines()) > 1:
                    return False
        return True
    except (OSError, RecursionError):
        return False


def condition():
    """What a program can change of its runner, though not enter it: the two have the same user."""
    limits = [getattr(resource, name) for name in sorted(dir(resource)) if name.startswith("RLIMIT_")]
    found = [[resource.getrlimit(kind) for kind in limits], os.getpriority(os.PRIO_PROCESS, 0)]
    if sys.platform == "linux":
        found += [sorted(os.sched_getaffinity(0)), os.sched_getscheduler(0)]
        found += [len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))]
    return found, keys()


def touched(before, now):
    """Whether a program may have changed its runner between two conditions of it.

    Keys that are gone do not count: Linux lists those of a runner that has ended until it gets round to
    removing them, to later runners too.
    """
    return now[0] != before[0] or not now[1] <= before[1]


def keys():
    """The kernel's keys that this user sees: they outlive processes, and go with the user namespace."""
    try:
        with open("/proc/keys") as file:
            # name, permissions, type and description; not the count of uses
            return {" ".join(words[:1] + words[4:]) for words in map(str.split, file)}
    except OSError:
        return set()
