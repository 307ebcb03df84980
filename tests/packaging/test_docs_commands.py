"""Every command that a document shows is run: here, or by the test that is named for it here.

``sh`` blocks are scripts for a shell; ``console`` blocks are what somebody types, behind ``$``.
"""

import asyncio
import json
import os
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest

from sandbox.client import AsyncSandbox
from sandbox.scenarios.library import names
from tests.clients.pytest_runs import run_pytest
from tests.process import COMMAND, environment
from tests.scenarios.drilling import example_app, free_ports

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
}
# Whose ``sh`` blocks run elsewhere, and where; those of the guides run below.
TESTS_OF_SCRIPTS = {
    "README.md": "tests/packaging/test_docs.py",
    "README.ja.md": "tests/packaging/test_docs.py",
    "docs/acts.md": "tests/api/test_acts_page.py",
    "docs/calendar.md": "tests/api/test_calendar_page.py",
    "docs/conduct.md": "tests/conduct/test_reports.py",
    "docs/desk.md": "tests/packaging/test_desk_docs.py",
    "docs/encryption.md": "tests/clients/test_field_encryption.py",
    "docs/scenarios.md": "tests/scenarios/test_scenarios_page.py",
    "docs/tls.md": "tests/api/test_tls_process.py",
    "docs/web21.md": "tests/packaging/test_docs.py",
    "docs/zengin.md": "tests/packaging/test_docs.py",
}
# Whose scripts need a bank and nothing else, and what they print.
SAID = {"docs/events.md": ('"secret":"', '"type":"ping"')}
CONFORMANCE = "docs/conformance.md"
GUIDES = ("docs/guides/provider.md", "docs/guides/qa.md", "docs/guides/pipeline.md")
# What needs more than a bank, by its first word; and the test that shows it.
ELSEWHERE = {
    "docker": "tests/packaging/test_image.py",
    "pip": "tests/packaging/test_wheel.py",
    "make": "tests/packaging/test_docs.py",
    "cd": "tests/scenarios/test_scenarios_page.py",  # the example provider
    "bank-sandbox certs": "tests/api/test_tls_process.py",  # of a server with TLS
}
IN_A_BROWSER = {"bank-sandbox login", "bank-sandbox login --no-browser"}
FIRST_RULE = "bank-sandbox faults list --json | grep -om 1 'f[A-Za-z0-9_-]\\{12\\}'"
# A server in the background would outlive a script that fails.
AT_THE_END = "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT"
PATIENCE_S = 300


def scripts(page: str) -> list[str]:
    return [body for language, body in BLOCK.findall(PAGES[page]) if language == "sh"]


def commands(page: str) -> list[str]:
    """Return what is typed in the ``console`` blocks, without comments."""
    found = []
    for language, body in BLOCK.findall(PAGES[page]):
        if language == "console":
            typed = re.findall(r"^\$ ((?:.|\\\n)*?(?<!\\)\n(?:    .*\n)*)", body, re.MULTILINE)
            found += [re.sub(r" +# .*", "", each).strip() for each in typed]
    return found


PLAIN = [
    (page, [each for each in commands(page) if not each.startswith(tuple(ELSEWHERE))])
    for page in PAGES
]


async def said(script: str, folder: Path, **env: str) -> tuple[int, str]:
    """Run a script in a shell that knows the command, and return its exit code and output."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-eu", "-o", "pipefail", "-c", f"{AT_THE_END}\n{script}"),
        cwd=folder,
        env=environment(PATH=path, **env),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    assert process.returncode is not None
    return process.returncode, output.decode()


def at(running, text: str) -> str:
    """Return a text with the addresses of the running bank in place of the usual ones."""
    text = text.replace("http://127.0.0.1:8081", running.sandbox.control_url)
    return text.replace("http://127.0.0.1:8080", running.sandbox.data_url)


def where(running) -> dict[str, str]:
    port = running.sandbox.data_url.rpartition(":")[2]
    return {"SANDBOX_CONTROL": running.sandbox.control_url, "SANDBOX_PORT": port}


@pytest.mark.parametrize("page", SAID)
async def test_the_script_of_a_page_goes_as_it_says(running, tmp_path, page):
    script = at(running, "\n".join(scripts(page)))
    code, output = await said(script, tmp_path, **where(running))
    assert code == 0, output
    for each in SAID[page]:
        assert each in output


async def test_the_guide_for_provider_developers_goes_as_it_says(running, tmp_path):
    script = at(running, "\n".join(scripts(GUIDES[0])))
    code, output = await said(script, tmp_path, **where(running))
    assert code == 0, output
    assert '"token_endpoint":' in output
    assert '"account_name":"架空 太郎"' in output
    assert '"current_balance":' in output
    reasons = re.findall(r"(?i)^x-sandbox-reason: (\w+)", output, re.MULTILINE)
    assert reasons == ["access_expired", "grant_expired"]
    assert "合格 / passed" in output


async def test_the_guide_for_qa_goes_as_it_says(running, tmp_path):
    _, drill, *by_hand = scripts(GUIDES[1])
    bank, control = free_ports(2)
    async with example_app(f"http://127.0.0.1:{bank}") as server:
        drill = drill.replace("http://127.0.0.1:8000", str(server.make_url("/")))
        drill = drill.replace(" --report", f" --port {bank} --control-port {control} --report")
        code, output = await said(drill, tmp_path)
    assert code == 0, output
    assert {"run.xml", "conduct.html", "conduct.xml"} <= {
        path.name for path in (tmp_path / "reports").iterdir()
    }
    code, output = await said(at(running, "\n".join(by_hand)), tmp_path, **where(running))
    assert code == 0, output
    assert "Rule " in output
    assert "all set back" in output


async def test_the_guide_to_pipelines_goes_as_it_says(tmp_path):
    code, output = await said("\n".join(scripts(GUIDES[2])), tmp_path)
    assert code == 0, output
    assert {"conduct.xml", "calls.har", "world.db"} <= {
        path.name for path in (tmp_path / "reports").iterdir()
    }
    assert "/w/worker-1/tomato" in (tmp_path / "world.json").read_text(encoding="utf-8")


def test_the_tests_of_the_guide_to_pipelines_pass(tmp_path):
    (example,) = (
        body for language, body in BLOCK.findall(PAGES[GUIDES[2]]) if language == "python"
    )
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    code, output = run_pytest("-q", directory=tmp_path)
    assert code == 0, output
    assert "2 passed" in output


async def test_the_configuration_for_the_conformance_suite_is_printed(tmp_path):
    folder = "fixtures/conformance"
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    server = (
        f"serve --port 0 --control-port 0 --ready-file ready.json --clients {folder}/clients.json"
    )
    script = f"""
bank-sandbox {server} &
SANDBOX_READY_FILE=ready.json bank-sandbox wait
export SANDBOX_CONTROL=$(sed 's/.*"control_url":"\\([^"]*\\)".*/\\1/' ready.json)
{scripts(CONFORMANCE)[0]}
kill %1
"""
    code, output = await said(script, tmp_path)
    assert code == 0, output
    printed = json.loads(output[output.rindex('{\n  "alias"') :])
    for client in (printed["client"], printed["client2"]):
        (key,) = client["jwks"]["keys"]
        assert key["d"]


def test_every_page_with_a_script_has_a_test_that_runs_it():
    with_scripts = {page for page in PAGES if scripts(page)}
    assert with_scripts == {*TESTS_OF_SCRIPTS, *GUIDES, *SAID, CONFORMANCE}
    for page, test in TESTS_OF_SCRIPTS.items():
        text = (ROOT / test).read_text(encoding="utf-8")
        assert Path(page).name in text, f"{test} does not name {page}"
        assert "```sh" in text or '"sh"' in text, f"{test} does not take the scripts of {page}"


@pytest.fixture
async def things(running, tmp_path):
    """What the documents name without saying how it came about."""
    client = '{"client_name": "a", "redirect_uris": ["https://app.example/callback"]}'
    (tmp_path / "metadata.json").write_text(client, encoding="utf-8")
    ready = client.replace("}", ', "client_id": "own", "client_secret": "own-secret-of-mine"}')
    (tmp_path / "clients.json").write_text(ready, encoding="utf-8")
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    async with AsyncSandbox(running.sandbox.control_url) as sandbox:
        world = sandbox.world("default")
        await world.snapshots.take("given")
        copy = await world.snapshots.download("given")
        await sandbox.worlds.create("drill")
    for name in ("bug.db", "world.db"):
        (tmp_path / name).write_bytes(copy)
    return tmp_path


async def serves(command: str, folder: Path) -> str | None:
    """Run a server until it is ready, and return what it said if it was not."""
    ports = "--port 0 --control-port 0 --tls-port 0 --print-json"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        *shlex.split(command.replace("bank-sandbox", COMMAND, 1).replace("\\\n", " ")),
        *ports.split(),
        cwd=folder,
        env=environment(PATH=path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            lines = [(await process.stdout.readline()).decode()]
            while lines[-1] and '"control_url"' not in lines[-1]:
                lines.append((await process.stdout.readline()).decode())
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()
    return None if lines[-1] else "".join(lines)


async def outcome(command: str, running, folder: Path) -> str | None:
    """Run one command that somebody types, and return what went wrong."""
    if command.startswith("scripts/"):
        return None if (ROOT / command.split()[0]).exists() else "there is no such script"
    if command.startswith("bank-sandbox serve") and "&" not in command:
        return await serves(command, folder)
    if " run " in command:
        return None if command.split()[2] in names() else "there is no such scenario"
    expected = {0}
    if command in IN_A_BROWSER:  # nobody consents
        command, expected = "bank-sandbox login --no-browser --timeout 1s", {1}
    if "--follow" in command:  # for ever
        command, expected = f"timeout 2 {command}", {124}
    if command.endswith(" ID"):
        command = command.replace(" ID", f' "$({FIRST_RULE})"')
    code, output = await said(at(running, command), folder, **where(running))
    is_problem = '"type":"urn:bank-sandbox:problem' in output.replace(" ", "")
    return None if code in expected and not is_problem else f"exit {code}: {output}"


@pytest.mark.parametrize(
    ("page", "typed"),
    [each for each in PLAIN if each[1]],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_what_a_document_types_can_be_typed(running, things, page, typed):
    if any(each.endswith("&") for each in typed):  # a job in the background belongs to one shell
        typed = ["\n".join([*typed, "kill %1"])]
    for command in typed:
        problem = await outcome(command, running, things)
        assert problem is None, f"{page}: $ {command}\n{problem}"


ADDRESSES = {
    (page, address)
    for page, text in PAGES.items()
    for address in re.findall(r"<(http://127\.0\.0\.1:808[01][^>]*)>", text)
}


async def test_addresses_to_open_are_there(running):
    assert len(ADDRESSES) > 5
    for page, address in sorted(ADDRESSES):
        async with running.http.get(at(running, address), allow_redirects=False) as answer:
            status = answer.status
        # The authorization endpoint sends the browser on to a page with its cookie.
        assert status in {200, 302, 303}, f"{page}: {address}: {status}"


def test_what_is_shown_elsewhere_has_its_test():
    for test in ELSEWHERE.values():
        assert (ROOT / test).exists(), test
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for page in PAGES:
        for command in commands(page):
            if command.startswith("make "):
                assert command.split()[1] in targets, (page, command)


def test_what_is_typed_is_read_whole():
    text = "```console\n$ one \\\n    --two\n$ three    # four\n$ five -d '{\n    6}'\n```\n"
    PAGES["plant"] = text
    try:
        assert commands("plant") == ["one \\\n    --two", "three", "five -d '{\n    6}'"]
    finally:
        del PAGES["plant"]
