"""Programs that run as long as this one, however it ends."""

import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import time

LIMIT = 180
RUNNING = []
FOLDER = tempfile.TemporaryDirectory(prefix="lake-", ignore_cleanup_errors=True)

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def tied():
    """The kernel ends it with this process; it leads a group of its own for the children it has."""
    os.setsid()
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(name, *command, **environment):
    """Starts a program. What it says goes to a file."""
    with open(os.path.join(FOLDER.name, name), "wb") as said:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=tied,
            env={**os.environ, **environment},
        )
    RUNNING.append((name, process))


def said(name):
    with open(os.path.join(FOLDER.name, name), errors="replace") as text:
        return text.read()


def wait(what, is_done):
    """Waits until it is so. If a program ends before, or at the limit, the error tells what they said."""
    end = time.monotonic() + LIMIT
    while not is_done():
        ended = [name for name, process in RUNNING if process.poll() is not None]
        if ended or time.monotonic() > end:
            texts = "\n".join(f"{name}:\n{said(name)}" for name in ended or dict(RUNNING))
            raise RuntimeError(f"no {what}, of which {ended} ended:\n{texts}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def answers(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def is_there(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def stop():
    """Ends all of them with their children. Tells the groups that they were in."""
    groups = []
    while RUNNING:
        _, process = RUNNING.pop()
        groups.append(process.pid)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        end = time.monotonic() + LIMIT
        while is_there(process.pid) and time.monotonic() < end:
            os.killpg(process.pid, signal.SIGKILL)
            process.poll()
            time.sleep(0.02)
    FOLDER.cleanup()
    return groups
