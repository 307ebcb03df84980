"""How commands end: with a hint that fits, where nobody reads on, and at Ctrl+C."""

import os
import signal
import subprocess
from threading import Timer

import pytest
import requests

from tests.process import COMMAND, PATIENCE_S, environment

# What is named by the command, and the command that lists such things.
UNKNOWN = [
    ("tokens expire none", "tokens list"),
    ("grants leak none", "grants list"),
    ("revoke --contractor none", "grants list"),
    ("accounts freeze none", "accounts list"),
    ("accounts post none 5", "accounts list"),
    ("contracts show none", "contracts list"),
    ("contracts act none accept", "contracts list"),
    ("acts rotate none", "acts incidents"),
    ("acts answer none text", "acts incidents"),
    ("acts close none", "acts incidents"),
    ("acts disclose none taro data", "acts incidents"),
    ("terms objections none", "terms list"),
    ("scenarios follow none", "scenarios runs"),
]


@pytest.mark.parametrize(("words", "listing"), UNKNOWN)
def test_a_name_that_there_is_not_is_answered_with_what_lists_them(run, words, listing):
    assert f"See them all: bank-sandbox {listing}\n" in run(*words.split(), code=1)


NOTHING = [
    ("faults add statsu", 1, "Did you mean `status`?"),
    ("unlock", 2, "say who: --login, --address, or both"),
    ("calendar set", 1, "\n  give hours and bank, or holidays\n"),
    ("transfers set-fees --on 2026-12-01", 1, "\n  give bands and contract_yen, or tax_percent\n"),
]


@pytest.mark.parametrize(("words", "code", "said"), NOTHING)
def test_a_command_that_would_do_nothing_says_what_it_wants(run, words, code, said):
    assert said in run(*words.split(), code=code)


LONG = ["accounts list", "accounts list --json", "scenarios schema", "worlds show", "health"]


@pytest.mark.parametrize("words", LONG)
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_where_nobody_reads_on_a_command_ends_in_silence(driven, words, unbuffered):
    reader, writer = os.pipe()
    os.close(reader)
    more = {"SANDBOX_CONTROL": driven.control_url, "PYTHONUNBUFFERED": unbuffered}
    where = ["--url", driven.control_url] if words == "health" else []
    try:
        ended = subprocess.run(
            [COMMAND, *words.split(), *where],
            env=environment(**more),
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=PATIENCE_S,
            check=False,
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("words", "begun", "code"),
    [("login --no-browser", b"Log in and allow", 130), ("journal --follow", b" GET ", 0)],
)
def test_ctrl_c_ends_a_command_that_waits(driven, world, words, begun, code):
    requests.get(world.bank().authorization_endpoint, timeout=PATIENCE_S)
    env = environment(SANDBOX_CONTROL=driven.control_url)
    with subprocess.Popen(
        [COMMAND, *words.split(), "--world", world.name],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as waiting:
        hurry = Timer(PATIENCE_S, waiting.kill)
        hurry.start()
        try:
            assert waiting.stdout is not None
            assert begun in waiting.stdout.readline()
            waiting.send_signal(signal.SIGINT)
            said, _ = waiting.communicate()
        finally:
            hurry.cancel()
            waiting.kill()
    assert waiting.returncode == code
    assert b"Traceback" not in said
