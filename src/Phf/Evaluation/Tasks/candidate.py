"""Runs one candidate program that nobody has read, and says what became of it.

Started with this text as `python3 -I -c`, in an empty folder. Standard input: one line of JSON with the job, then nothing until the caller ends or gives
up. Standard output: one line of JSON with the outcome and the isolation in force.

Three processes: this one, which waits; a watcher, where the system allows it process 1 of a process namespace of its own, so that everything dies with it;
and the candidate. The candidate tells its outcome with a secret word, so that neither a print nor an exit code passes for one.
"""
import ctypes
import errno
import json
import os
import resource
import select
import signal
import sys
import time

NEW_MOUNTS, NEW_IPC, NEW_USER, NEW_PROCESSES, NEW_NETWORK = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
READ_ONLY, NO_SETUID, NO_DEVICES, NO_EXECUTION, RECURSIVE, PRIVATE = 1, 2, 4, 8, 0x4000, 0x40000
DIE_WITH_PARENT, KEEP_CAPABILITIES, ADOPT_ORPHANS, NO_NEW_PRIVILEGES = 1, 8, 36, 38
READ_EVERYTHING = 1 << 2  # CAP_DAC_READ_SEARCH
FIRST_NOBODY = 1 << 24  # a user id that no system gives away
SYS_MOUNT_SETATTR = 442  # the same number on every architecture
PATIENCE = 0.01  # seconds between two looks at the candidate
REAPING = 2  # seconds to wait for killed processes

libc = ctypes.CDLL(None, use_errno=True)


def succeeds(name, *arguments):
    """Calls a function of the C library that gives 0 for success; False also where there is no such function."""
    function = getattr(libc, name, None)
    return function is not None and function(*arguments) == 0


def enter_namespaces():
    """Leaves network, processes and files behind as far as the system allows; says which."""
    kinds = (("network", NEW_NETWORK), ("processes", NEW_PROCESSES), ("mounts", NEW_MOUNTS), ("ipc", NEW_IPC))
    user, group = os.getuid(), os.getgid()
    entered = {name for name, flag in kinds if succeeds("unshare", flag)} if user == 0 else set()
    if entered or not succeeds("unshare", NEW_USER):
        return entered
    for name, text in ("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1"):
        try:
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        except OSError:
            pass
    return {name for name, flag in kinds if succeeds("unshare", flag)}


def close_files(folder, most_bytes, owner):
    """Makes every file read-only, but for a folder in memory that ends with its last process."""
    class Attributes(ctypes.Structure):
        _fields_ = [("set", ctypes.c_uint64), ("clear", ctypes.c_uint64), ("propagation", ctypes.c_uint64), ("userns", ctypes.c_uint64)]

    read_only = Attributes(set=READ_ONLY)
    if not succeeds("mount", None, b"/", None, ctypes.c_ulong(RECURSIVE | PRIVATE), None):
        return False
    if libc.syscall(SYS_MOUNT_SETATTR, -100, b"/", 0x8000, ctypes.byref(read_only), ctypes.c_size_t(32)) != 0:
        return False
    size = f"size={most_bytes},nr_inodes=1024,mode=700".encode() if owner is None else f"size={most_bytes},nr_inodes=1024,mode=700,uid={owner},gid={owner}".encode()
    if not succeeds("mount", b"tmpfs", folder.encode(), b"tmpfs", ctypes.c_ulong(NO_SETUID | NO_DEVICES), size):
        return False
    os.chdir(folder)
    return True


def is_superuser():
    """Whether this process may become any other user: not in a user namespace that knows one user only."""
    if os.getuid() != 0 or not hasattr(os, "setresuid"):
        return False
    try:
        with open("/proc/self/uid_map") as file:
            return int(file.read().split()[2]) > 2 * FIRST_NOBODY
    except (OSError, IndexError, ValueError):
        return False


def nobody():
    """A user of the candidate's own: the system limits the number of a user's processes, but never that of the superuser."""
    return FIRST_NOBODY + os.getpid() % FIRST_NOBODY


def drop_privileges(user):
    """The candidate gets no rights and no way to new ones; where it stops being the superuser, it keeps reading what that one may read (Python's own files may be such)."""
    kept = 0
    if user is not None:
        succeeds("prctl", KEEP_CAPABILITIES, 1, 0, 0, 0)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        kept = READ_EVERYTHING
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    rights = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    succeeds("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return succeeds("capset", header, rights)


def set_limits(job):
    def limit(name, value):
        kind = getattr(resource, name, None)
        if kind is None:
            return
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):
            pass  # macOS knows some of them by name only

    limit("RLIMIT_CPU", job["cpu_seconds"])
    limit("RLIMIT_AS", job["memory_bytes"])
    limit("RLIMIT_FSIZE", job["file_bytes"])
    limit("RLIMIT_CORE", 0)
    limit("RLIMIT_NOFILE", 64)


def run_candidate(job, verdict, owner):
    """Runs the program; never returns. What is needed afterwards is taken hold of before the program can replace it."""
    write, leave, process_id, secret = os.write, os._exit, os.getpid, job["secret"]
    own_id = process_id()
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    os.closerange(3, verdict)
    os.closerange(verdict + 1, 256)
    set_limits(job)
    if (owner is not None or "processes" in job["isolation"]) and hasattr(resource, "RLIMIT_NPROC"):
        resource.setrlimit(resource.RLIMIT_NPROC, (job["processes"], job["processes"]))
    drop_privileges(owner)
    try:
        exec(compile(job["program"], "candidate.py", "exec"), {})
        outcome = "passed"
    except AssertionError:
        outcome = "wrong answer"
    except SyntaxError:
        outcome = "not Python"
    except MemoryError:
        outcome = "memory"
    except SystemExit:
        outcome = "exited"
    except OSError as problem:
        kinds = {errno.EFBIG: "files", errno.ENOSPC: "files", errno.EROFS: "files", errno.EAGAIN: "processes"}
        outcome = kinds.get(problem.errno, "error")
    except BaseException:
        outcome = "error"
    if process_id() == own_id:  # and no copy that the program has made of itself
        write(verdict, f"{secret} {outcome}".encode())
    leave(0)


def population():
    """How many processes there are in this namespace, the watcher left out, and the memory they use in bytes."""
    count, pages = -1, 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            count += 1
            try:
                with open(f"/proc/{name}/statm") as file:
                    pages += int(file.read().split()[1])
            except (OSError, IndexError):
                pass  # it has just ended
    return count, pages * os.sysconf("SC_PAGE_SIZE")


def wait_for(child, job):
    """Waits until the candidate ends or must end; None where it ended by itself."""
    deadline = time.monotonic() + job["wall_seconds"]
    while True:
        readable, _, _ = select.select([0], [], [], PATIENCE)
        if readable and not os.read(0, 1):
            return "abandoned"
        while True:
            try:
                ended, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return None
            if ended == child:
                out_of_time = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
                return "timeout" if out_of_time else None
            if ended == 0:
                break
        if time.monotonic() > deadline:
            return "timeout"
        if "process count" in job["isolation"]:
            count, used = population()
            if count > job["processes"]:
                return "processes"
            if used > job["memory_bytes"]:
                return "memory"


def kill_all(child):
    """Without a namespace: the candidate's group, and what left the group, which becomes a child of this process."""
    until = time.monotonic() + REAPING
    try:
        os.killpg(child, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    while time.monotonic() < until:
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                for orphan in file.read().split():
                    os.kill(int(orphan), signal.SIGKILL)
        except OSError:
            pass
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(PATIENCE)
        except ChildProcessError:
            return


def watch(job):
    isolation = job["isolation"]
    succeeds("prctl", DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    succeeds("prctl", ADOPT_ORPHANS, 1, 0, 0, 0)
    owner = nobody() if is_superuser() else None
    if "mounts" in isolation and close_files(os.getcwd(), 4 * job["file_bytes"], owner):
        isolation.add("read-only files")
        if "processes" in isolation and succeeds("mount", b"proc", b"/proc", b"proc", ctypes.c_ulong(NO_SETUID | NO_DEVICES | NO_EXECUTION), None):
            isolation.add("process count")
    elif owner is not None:
        os.chown(os.getcwd(), owner, owner)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        run_candidate(job, writing, owner)
    os.close(writing)
    stopped = wait_for(child, job)
    if "processes" not in isolation:
        kill_all(child)
    os.set_blocking(reading, False)
    try:
        said = os.read(reading, 4096).decode(errors="replace")
    except BlockingIOError:
        said = ""
    secret, _, outcome = said.partition(" ")
    if stopped is None:
        stopped = outcome if secret == job["secret"] else "ended early"
    print(json.dumps({"outcome": stopped, "isolation": sorted(isolation - {"mounts"})}), flush=True)
    os._exit(0)


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller hears it too, and closes standard input
    job = json.loads(sys.stdin.buffer.raw.readline())
    job["isolation"] = enter_namespaces() if job["namespaces"] else set()
    watcher = os.fork()
    if watcher == 0:
        watch(job)
    os.waitpid(watcher, 0)


main()
