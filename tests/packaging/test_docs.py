"""The README's commands run, its links lead somewhere, and generated pages are up to date."""

import asyncio
import re
from pathlib import Path

import pytest

from sandbox.domain.zengin import Code
from sandbox.services.population import load_people, load_personas

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [body for name, body in BLOCK.findall(text) if name == language]


async def run(*command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_the_first_call_of_the_readme_goes_as_it_says(running):
    (script,) = blocks("sh")
    script = script.replace("http://127.0.0.1:8081", running.sandbox.control_url)
    script = script.replace("http://127.0.0.1:8080", running.sandbox.data_url)
    assert "127.0.0.1:808" not in script

    code, output = await run("bash", "-eu", "-o", "pipefail", "-c", script)

    assert code == 0, output
    assert '"account_name":"架空 太郎"' in output
    assert '"transactions":[{' in output
    assert "401 Unauthorized" in output
    assert "X-Sandbox-Reason: grant_expired" in output


@pytest.mark.parametrize("command", ["serve", "test"])
async def test_the_two_commands_of_the_readme_are_there(command):
    assert f"$ make {command}\n" in blocks("console")
    code, output = await run("make", "-n", command)
    assert code == 0, output
    assert ".venv/bin/" in output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_documents_lead_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_page_of_personas_names_them_all_with_what_they_type():
    page = (ROOT / "docs" / "personas.md").read_text(encoding="utf-8")
    for persona in load_personas("tomato"):
        fields = [f"`{name}={value}`" for name, value in persona.login.fields().items()]
        assert f"| `{persona.key}` | {persona.name} | {', '.join(fields)} |" in page


def test_the_page_of_personas_names_the_users_of_web21_too():
    page = (ROOT / "docs" / "personas.md").read_text(encoding="utf-8")
    for person in load_people("web21"):
        fields = [f"`{name}={value}`" for name, value in person.login.fields().items()]
        who = f"{person.person_name} ({person.name})"
        assert f"| `{person.key}` | {who} | {', '.join(fields)} |" in page


@pytest.mark.parametrize(
    ("block", "said"),
    [(0, '"contact_name":"サンプル商事株式会社"'), (1, '"transaction_status_name":"受付済み"')],
)
async def test_the_calls_of_web21_go_as_its_page_says(running, block, said):
    page = (ROOT / "docs" / "web21.md").read_text(encoding="utf-8")
    script = [body for name, body in BLOCK.findall(page) if name == "sh"][block]
    script = script.replace("http://127.0.0.1:8081", running.sandbox.control_url)
    script = script.replace("http://127.0.0.1:8080", running.sandbox.data_url)
    code, output = await run("bash", "-eu", "-o", "pipefail", "-c", script)
    assert code == 0, output
    assert said in output


async def test_the_files_of_the_page_on_zengin_go_as_it_says(running):
    page = (ROOT / "docs" / "zengin.md").read_text(encoding="utf-8")
    (script,) = [body for name, body in BLOCK.findall(page) if name == "sh"]
    script = script.replace("http://127.0.0.1:8081", running.sandbox.control_url)
    script = script.replace("http://127.0.0.1:8080", running.sandbox.data_url)
    code, output = await run("bash", "-eu", "-o", "pipefail", "-c", script)
    assert code == 0, output
    assert "identical\n" in output
    assert '"field":"record 2, bytes 51–80","code":"Z202"' in output
    assert "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ" in output


def test_the_page_on_zengin_names_every_finding_and_every_sample():
    page = (ROOT / "docs" / "zengin.md").read_text(encoding="utf-8")
    for code in Code:
        assert f"\n| {code} | {'E' if code.is_error else 'W'}" in page
    for sample in (ROOT / "fixtures" / "zengin").glob("*.txt"):
        assert f"`{sample.stem}`" in page
