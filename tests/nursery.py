"""Processes of the command line that do not import it again.

Each command is a process of its own, with the arguments, environment, folder, output and exit code
it would have anyway. Only, it is forked from one that has read the modules already: that leaves a
tenth of the work, and the tests call hundreds of commands. Run as a script, this file is the
process that has read them; the tests hold the other end of its socket (`Nursery`).
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr, suppress

# What differs between commands, and nobody reads while the modules are imported.
LATE = ("SANDBOX_", "PYTEST_")
START_S = 60


def is_known(env: dict[str, str], known: dict[str, str]) -> bool:
    """Whether the environments are alike but for what is read late."""
    differing = {name for name, _ in env.items() ^ known.items()}
    return all(name.startswith(LATE) for name in differing)


class Nursery:
    """The tests' end. ``env``: what the modules are read with."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.door, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=env,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        atexit.register(self.close)

    def close(self) -> None:
        """Let it end; it has no command any more that anybody waits for."""
        self.door.close()
        self.process.wait()

    def run(
        self, command: list[str], env: dict[str, str], within_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as ``subprocess.run`` does, its output captured."""
        wish = {"argv": command, "env": env, "folder": os.getcwd()}
        line, theirs = socket.socketpair()
        with line, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with theirs:
                parts = [theirs.fileno(), out.fileno(), err.fileno()]
                socket.send_fds(self.door, [b"!"], parts)
            line.settimeout(START_S)
            with line.makefile("rw", encoding="utf-8") as talk:
                print(json.dumps(wish), file=talk, flush=True)
                pid = int(talk.readline())
                line.settimeout(within_s)
                try:
                    code = int(talk.readline())
                except TimeoutError:
                    os.kill(pid, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(command, within_s) from None
            said = [_text(each) for each in (out, err)]
        return subprocess.CompletedProcess(command, code, *said)


def _text(file) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


# The other end


def wait_for_a_wish(door: socket.socket) -> None:
    """Fork for each command; return in its process, ready to call the command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with the tests, not before them
    while True:
        _, parts, _, _ = socket.recv_fds(door, 1, 3)
        if not parts:
            sys.exit()
        if os.fork() == 0:
            door.close()
            return _start(*parts)
        for part in parts:
            os.close(part)
        _bury()


def _bury() -> None:
    """Take leave of those that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _start(line: int, out: int, err: int) -> None:
    with socket.socket(fileno=line) as held, held.makefile("rw", encoding="utf-8") as talk:
        wish = json.loads(talk.readline())
        pid = os.fork()
        if pid:
            print(pid, file=talk, flush=True)
            _, status = os.waitpid(pid, 0)
            print(os.waitstatus_to_exitcode(status), file=talk, flush=True)
            os._exit(0)
    for ours, usual in ((out, 1), (err, 2)):
        os.dup2(ours, usual)
        os.close(ours)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(wish["env"])
    os.chdir(wish["folder"])
    sys.argv = wish["argv"]


if __name__ == "__main__":
    del sys.path[0]  # this folder: a command does not see it
    from sandbox.cli import main

    door = socket.socket(fileno=int(sys.argv[1]))
    sys.argv = ["bank-sandbox", "worlds", "list", "--control", "no address"]
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere), suppress(SystemExit):
        main()  # a first command, for much is imported only then
    gc.freeze()
    wait_for_a_wish(door)
    main()
