"""A command that the nursery forks is the command that a shell starts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.nursery import Nursery, is_known
from tests.process import COMMAND, PATIENCE_S, environment, nursery, run, run_anew

NOBODY = "http://127.0.0.1:1"


def forked(*words, **env):
    return nursery().run([COMMAND, *words], environment(**env), PATIENCE_S)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("version",), 0),
        (("worlds", "create", "--help"), 0),
        (("worlds", "list"), 3),
        (("worlds", "list", "--control", "x://"), 2),
        (("nonsense",), 2),
        (("serve", "--port", "x"), 2),
        (("health",), 1),
        (("scenarios", "schema"), 0),
    ],
)
def test_it_says_and_ends_as_one_that_is_started(words, code):
    of_nursery, started = (
        forked(*words, SANDBOX_CONTROL=NOBODY),
        run_anew(*words, SANDBOX_CONTROL=NOBODY),
    )
    assert of_nursery.returncode == started.returncode == code
    assert (of_nursery.stdout, of_nursery.stderr) == (started.stdout, started.stderr)
    assert of_nursery.args == started.args


def test_it_reads_the_settings_of_its_own_call():
    for where in ("http://127.0.0.1:1", "http://127.0.0.1:2"):
        assert where in forked("worlds", "list", SANDBOX_CONTROL=where).stderr


def test_it_works_in_the_folder_of_the_caller(tmp_path, monkeypatch):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        Path("mine.yaml").write_text(f"title: {name}\nnonsense: 1\n")
        said = forked("scenarios", "check", "mine.yaml")
        assert said.returncode != 0
        assert (said.stdout, said.stderr) == _said(run_anew("scenarios", "check", "mine.yaml"))


def _said(done):
    return done.stdout, done.stderr


def test_no_command_sees_what_another_did():
    first = forked("worlds", "list", SANDBOX_CONTROL=NOBODY)
    assert forked("nonsense").returncode == 2
    assert _said(forked("worlds", "list", SANDBOX_CONTROL=NOBODY)) == _said(first)


def test_long_output_comes_whole():
    assert len(forked("scenarios", "schema").stdout) > 5_000


def test_one_that_goes_on_for_too_long_is_ended(monkeypatch):
    ended = []

    def kill(pid, number, really=os.kill):
        ended.append(pid)
        really(pid, number)

    monkeypatch.setattr(os, "kill", kill)
    with pytest.raises(subprocess.TimeoutExpired):
        forked_for(0.5, "wait", "--url", NOBODY, "--timeout", "60s")
    assert len(ended) == 1
    wait_for_the_end_of(ended[0])


def forked_for(seconds, *words):
    return nursery().run([COMMAND, *words], environment(), seconds)


def wait_for_the_end_of(pid):
    for _ in range(100):
        if not is_there(pid):
            return
        time.sleep(0.1)
    raise AssertionError(f"{pid} goes on")


def is_there(pid):
    """Whether a process runs: one that only waits for its parent to look at it does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_it_is_started_anew_where_the_modules_might_be_read_differently(monkeypatch):
    known = environment()
    assert is_known({**known, "SANDBOX_CONTROL": NOBODY, "PYTEST_CURRENT_TEST": "this"}, known)
    for name in ("PYTHONUTF8", "LANG", "TERM", "TMPDIR"):
        assert not is_known({**known, name: "other"}, known)
    missing = dict(known)
    del missing["TERM"]
    assert not is_known(missing, known)

    def forks(*_):
        raise AssertionError("it was forked")

    monkeypatch.setattr(Nursery, "run", forks)
    with pytest.raises(AssertionError, match="forked"):
        run("version")
    assert run("version", COLUMNS="40").returncode == 0


def test_it_ends_with_whoever_started_it():
    code = (
        "from tests.process import environment\n"
        "from tests.nursery import Nursery\n"
        "import os\n"
        "nursery = Nursery(environment())\n"
        "print(nursery.process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    wait_for_the_end_of(int(done.stdout))
